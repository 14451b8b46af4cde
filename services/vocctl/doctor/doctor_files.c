/* The files that the configuration names: what the services would say of them at their start, and who may read them. */
#include "core/rules/rules.h"
#include "doctor.h"
#include "io/service/classifier_files.h"
#include "io/service/rules_file.h"
#include "io/webhook/webhook_address.h"
#include "io/webhook/webhooks.h"

#include <errno.h>
#include <netdb.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_SUFFIX "_FILE="

static void look_at_rules(struct doctor *doctor)
{
	struct voc_buf bytes;
	struct voc_rules rules;
	struct voc_error error = { 0 };
	const char *path = doctor->conf->rules_path;
	voc_buf_init(&bytes, VOC_RULES_FILE_ROOM);
	enum voc_status status = voc_rules_file_read(path, doctor->conf->zoneinfo_path, &bytes, &error);
	if (status == VOC_OK)
		status = voc_rules_parse(voc_buf_str(&bytes), &rules, &error);
	voc_buf_free(&bytes);
	if (status == VOC_OK)
		doctor_tell(doctor, DOCTOR_RULES, DOCTOR_OK, "%s, version %s", path, rules.version);
	else
		doctor_tell(doctor, DOCTOR_RULES, DOCTOR_FAIL, "%s: %s", path, error.text);
}

static void look_at_shadow(struct doctor *doctor, const struct voc_classifier *live)
{
	struct voc_classifier *shadow = NULL;
	struct voc_error error = { 0 };
	const struct voc_classifier_files files = voc_shadow_files(doctor->conf);
	const struct voc_classifier *model_of = voc_shadow_has_model(doctor->conf) ? NULL : live;
	if (voc_classifier_open_files(&files, model_of, &shadow, &error) == VOC_OK)
		doctor_tell(doctor, DOCTOR_MODEL, DOCTOR_OK, "shadow: version %s", voc_classifier_version(shadow));
	else
		doctor_tell(doctor, DOCTOR_MODEL, DOCTOR_FAIL, "shadow: %s", error.text);
	voc_classifier_free(shadow);
}

static void look_at_classifier(struct doctor *doctor)
{
	struct voc_classifier *live = NULL;
	struct voc_error error = { 0 };
	const struct voc_classifier_files files = voc_live_files(doctor->conf);
	if (voc_classifier_open_files(&files, NULL, &live, &error) == VOC_OK)
		doctor_tell(doctor, DOCTOR_MODEL, DOCTOR_OK, "version %s", voc_classifier_version(live));
	else
		doctor_tell(doctor, DOCTOR_MODEL, DOCTOR_FAIL, "%s", error.text);
	if (live && voc_has_shadow(doctor->conf))
		look_at_shadow(doctor, live);
	voc_classifier_free(live);
}

/* A file that holds a secret, known by what names it. */
static void look_at_secret(struct doctor *doctor, const char *named_by, const char *path)
{
	struct stat file;
	if (access(path, R_OK) != 0 || stat(path, &file) != 0)
		doctor_tell(doctor, DOCTOR_SECRETS, DOCTOR_FAIL, "%s: %s: %s", named_by, path, strerror(errno));
	else if (file.st_mode & (S_IROTH | S_IWOTH))
		doctor_tell(doctor, DOCTOR_SECRETS, DOCTOR_WARN, "%s: %s may be read by everybody (mode %04o)",
		            named_by, path, (unsigned)file.st_mode & 07777U);
}

static void look_at_environment(struct doctor *doctor)
{
	for (char *const *entry = doctor->environment; *entry; entry++) {
		const char *suffix = strstr(*entry, FILE_SUFFIX);
		char name[80];
		if (!suffix || !voc_str_starts_with(voc_str_from(*entry), VOC_STR("VOC_")) ||
		    memchr(*entry, '=', (size_t)(suffix - *entry)))
			continue;
		voc_str_copy(name, sizeof name, voc_str_of(*entry, (size_t)(suffix - *entry) + sizeof FILE_SUFFIX - 2));
		look_at_secret(doctor, name, suffix + sizeof FILE_SUFFIX - 1);
	}
}

/* Of "scheme://[user@]host[:port][/path]". False if there is none. */
static bool host_of(const char *url, char *host, size_t size)
{
	const char *start = strstr(url, "://");
	if (!start)
		return false;
	start += 3;
	struct voc_str authority = voc_str_of(start, strcspn(start, "/?#"));
	const char *at = memrchr(authority.ptr, '@', authority.len);
	if (at)
		authority = voc_str_of(at + 1, (size_t)(authority.ptr + authority.len - at - 1));
	if (authority.len > 0 && authority.ptr[0] == '[')
		authority = voc_str_of(authority.ptr + 1, strcspn(authority.ptr + 1, "]"));
	else
		authority.len = strcspn(authority.ptr, ":/?#");
	if (authority.len == 0 || authority.len >= size)
		return false;
	voc_str_copy(host, size, authority);
	return true;
}

static void look_at_address(struct doctor *doctor, const struct voc_endpoint *endpoint)
{
	char host[256];
	struct addrinfo *list = NULL;
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	if (!host_of(endpoint->url, host, sizeof host))
		return; /* the file's parser has said so */
	int failure = getaddrinfo(host, NULL, &hints, &list);
	if (failure) {
		doctor_tell(doctor, DOCTOR_ADDRESSES, DOCTOR_WARN, "%s: its host is not known here: %s", endpoint->name,
		            gai_strerror(failure));
		return;
	}
	bool all_public = true;
	for (const struct addrinfo *info = list; info; info = info->ai_next)
		all_public &= voc_address_is_public(info->ai_addr);
	freeaddrinfo(list);
	if (all_public)
		doctor_tell(doctor, DOCTOR_ADDRESSES, DOCTOR_OK, "%s", endpoint->name);
	else if (doctor->conf->allow_private)
		doctor_tell(doctor, DOCTOR_ADDRESSES, DOCTOR_OK, "%s: private, and allowed", endpoint->name);
	else
		doctor_tell(doctor, DOCTOR_ADDRESSES, DOCTOR_FAIL, "%s: a private or loopback address", endpoint->name);
}

static void look_at_webhooks(struct doctor *doctor)
{
	struct voc_webhooks *webhooks = NULL;
	struct voc_error error = { 0 };
	const char *path = doctor->conf->webhooks_path;
	if (access(path, F_OK) != 0 && errno == ENOENT) {
		doctor_tell(doctor, DOCTOR_WEBHOOKS, DOCTOR_WARN, "%s: there is none on this host", path);
		return;
	}
	if (voc_webhooks_load(path, &webhooks, &error) != VOC_OK) {
		doctor_tell(doctor, DOCTOR_WEBHOOKS, DOCTOR_FAIL, "%s", error.text);
		return;
	}
	doctor_tell(doctor, DOCTOR_WEBHOOKS, DOCTOR_OK, "%s, %zu endpoints", path, webhooks->count);
	look_at_secret(doctor, "VOC_WEBHOOKS", path);
	for (size_t i = 0; i < webhooks->count; i++) {
		look_at_address(doctor, &webhooks->endpoints[i]);
		if (webhooks->endpoints[i].secret_file)
			look_at_secret(doctor, webhooks->endpoints[i].name, webhooks->endpoints[i].secret_file);
	}
	voc_webhooks_free(webhooks);
}

void doctor_look_at_files(struct doctor *doctor)
{
	look_at_rules(doctor);
	look_at_classifier(doctor);
	look_at_webhooks(doctor);
	look_at_environment(doctor);
	doctor_tell(doctor, DOCTOR_SECRETS, DOCTOR_OK, "no other is open");
}
