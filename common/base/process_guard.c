#include "base/process_guard.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_WATCHED 1 /* LeakSanitizer traces the process from outside */
#else
#define IS_WATCHED 0
#endif

void voc_process_guard(void)
{
	const struct rlimit none = { 0, 0 };
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (!IS_WATCHED)
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
