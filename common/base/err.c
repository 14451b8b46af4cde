#include "base/err.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>

#undef voc_error_set /* err.h makes it a macro for the analyzer alone */

enum voc_status voc_error_set(struct voc_error *error, enum voc_status status, enum voc_reason reason, int64_t position,
                              const char *format, ...)
{
	if (!error || error->status != VOC_OK)
		return status;
	error->status = status;
	error->reason = reason;
	error->position = position;
	va_list args;
	va_start(args, format);
	vsnprintf(error->text, sizeof error->text, format, args);
	va_end(args);
	/* vsnprintf cuts at bytes, and paths may hold any: the text goes into JSON and into Kafka's headers. */
	voc_utf8_mend(error->text, strlen(error->text));
	return status;
}

void voc_error_clear(struct voc_error *error)
{
	/* not all of the text, which every record begins with */
	error->status = VOC_OK;
	error->reason = VOC_REASON_NONE;
	error->position = -1;
	error->text[0] = '\0';
}
