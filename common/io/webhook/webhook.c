#include "io/webhook/webhook.h"

#include "io/webhook/webhook_address.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <strings.h>

/* One request's place. Its easy handle is made once and used again and again. */
struct slot {
	CURL *easy;
	struct voc_webhook_client *client;
	struct curl_slist *headers;
	void *opaque;
	size_t response_bytes;
	bool refused; /* every address of the host so far was a private one */
	char retry_after[VOC_WEBHOOK_RETRY_AFTER_SIZE];
	bool under_way;
	struct slot *next_free;
};

struct voc_webhook_client {
	CURLM *multi;
	bool allow_private;
	size_t in_flight;
	size_t slot_count;
	struct slot *slots;
	struct slot *free_slots;
};

enum voc_status voc_webhook_init(struct voc_error *error)
{
	CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
	if (code != CURLE_OK)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_HTTP, -1, "libcurl: %s", curl_easy_strerror(code));
	return VOC_OK;
}

void voc_webhook_cleanup(void)
{
	curl_global_cleanup();
}

/* A last look at where the connection would go: names were resolved by now, so no name can hide an address. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct slot *slot = context;
	if (purpose != CURLSOCKTYPE_IPCXN || !(slot->client->allow_private || voc_address_is_public(&address->addr))) {
		slot->refused = true;
		return CURL_SOCKET_BAD;
	}
	slot->refused = false;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t discard_body(char *bytes, size_t size, size_t count, void *context)
{
	(void)bytes;
	struct slot *slot = context;
	slot->response_bytes += size * count;
	return slot->response_bytes <= VOC_WEBHOOK_RESPONSE_MAX_BYTES ? size * count : 0;
}

static size_t take_header(char *line, size_t size, size_t count, void *context)
{
	static const struct voc_str name = { "retry-after:", 12 };
	struct slot *slot = context;
	size_t len = size * count;
	if (len > name.len && strncasecmp(line, name.ptr, name.len) == 0)
		voc_str_copy(slot->retry_after, sizeof slot->retry_after, voc_str_of(line + name.len, len - name.len));
	return len;
}

/* What holds for every request of the endpoint. */
static bool set_up(struct slot *slot, const struct voc_webhook_options *options)
{
	CURL *easy = slot->easy;
	bool good = true;
#define SET(option, value) good = good && curl_easy_setopt(easy, (option), (value)) == CURLE_OK
	SET(CURLOPT_URL, options->url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	if (options->ca_path && options->ca_path[0] != '\0') {
		SET(CURLOPT_CAINFO, options->ca_path);
		SET(CURLOPT_CAPATH, NULL);
	}
	SET(CURLOPT_PROXY, ""); /* explicitly none, or http_proxy in the environment would be honoured */
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(options->timeout_ms + 1) / 2);
	SET(CURLOPT_MAXAGE_CONN, 60L); /* a kept connection skips name resolution: not for ever */
	SET(CURLOPT_MAXLIFETIME_CONN, 600L);
	SET(CURLOPT_QUICK_EXIT, 1L); /* don't wait for a resolver thread that outlives its request */
	SET(CURLOPT_USERAGENT, "voc-alerter/" VOC_VERSION);
	SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(CURLOPT_OPENSOCKETDATA, slot);
	SET(CURLOPT_WRITEFUNCTION, discard_body);
	SET(CURLOPT_WRITEDATA, slot);
	SET(CURLOPT_HEADERFUNCTION, take_header);
	SET(CURLOPT_HEADERDATA, slot);
	SET(CURLOPT_PRIVATE, slot);
#undef SET
	return good;
}

static void release_slot(struct voc_webhook_client *client, struct slot *slot)
{
	curl_slist_free_all(slot->headers);
	slot->headers = NULL;
	slot->under_way = false;
	slot->next_free = client->free_slots;
	client->free_slots = slot;
}

static bool make_slots(struct voc_webhook_client *client, const struct voc_webhook_options *options)
{
	client->slots = calloc(options->in_flight_max, sizeof *client->slots);
	if (!client->slots)
		return false;
	client->slot_count = options->in_flight_max;
	for (size_t i = 0; i < client->slot_count; i++) {
		struct slot *slot = &client->slots[i];
		slot->client = client;
		slot->easy = curl_easy_init();
		if (!slot->easy || !set_up(slot, options))
			return false;
		release_slot(client, slot);
	}
	return true;
}

enum voc_status voc_webhook_client_open(const struct voc_webhook_options *options,
                                        struct voc_webhook_client **ret_client, struct voc_error *error)
{
	struct voc_webhook_client *client = calloc(1, sizeof *client);
	if (client) {
		client->allow_private = options->allow_private;
		client->multi = curl_multi_init();
	}
	if (!client || !client->multi || !make_slots(client, options)) {
		voc_webhook_client_free(client);
		return voc_error_set(error, VOC_FATAL, VOC_REASON_HTTP, -1, "libcurl: a client could not be made");
	}
	curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)options->in_flight_max);
	curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)options->in_flight_max);
	*ret_client = client;
	return VOC_OK;
}

void voc_webhook_client_free(struct voc_webhook_client *client)
{
	if (!client)
		return;
	voc_webhook_client_cancel(client);
	for (size_t i = 0; i < client->slot_count; i++)
		curl_easy_cleanup(client->slots[i].easy);
	free(client->slots);
	if (client->multi)
		curl_multi_cleanup(client->multi);
	free(client);
}

static bool add_header(struct slot *slot, const char *line)
{
	struct curl_slist *longer = curl_slist_append(slot->headers, line);
	if (longer)
		slot->headers = longer;
	return longer != NULL;
}

static bool prepare(struct slot *slot, const struct voc_webhook_request *request)
{
	slot->opaque = request->opaque;
	slot->response_bytes = 0;
	slot->refused = false;
	slot->retry_after[0] = '\0';
	bool good = add_header(slot, "Expect:"); /* no waiting for "100 Continue" */
	for (size_t i = 0; i < request->header_count; i++)
		good = good && add_header(slot, request->headers[i]);
	curl_off_t len = (curl_off_t)request->body.len;
	return good && curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, slot->headers) == CURLE_OK &&
	       curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDSIZE_LARGE, len) == CURLE_OK &&
	       curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDS, len > 0 ? request->body.ptr : "") == CURLE_OK;
}

enum voc_status voc_webhook_client_submit(struct voc_webhook_client *client, const struct voc_webhook_request *request,
                                          struct voc_error *error)
{
	struct slot *slot = client->free_slots;
	if (!slot)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_HTTP, -1, "%zu requests are under way already",
		                     client->in_flight);
	client->free_slots = slot->next_free;
	if (!prepare(slot, request) || curl_multi_add_handle(client->multi, slot->easy) != CURLM_OK) {
		release_slot(client, slot);
		return voc_error_set(error, VOC_FATAL, VOC_REASON_HTTP, -1, "libcurl: a request could not be made");
	}
	slot->under_way = true;
	client->in_flight++;
	return VOC_OK;
}

enum voc_status voc_webhook_client_poll(struct voc_webhook_client *client, struct pollfd *fds, size_t fd_count,
                                        int timeout_ms, struct voc_error *error)
{
	struct curl_waitfd waits[VOC_WEBHOOK_POLL_FDS_MAX];
	int running;
	for (size_t i = 0; i < fd_count; i++)
		waits[i] = (struct curl_waitfd){ .fd = fds[i].fd, .events = CURL_WAIT_POLLIN };
	/* First what was submitted, so that it is under way while we wait; then what the wait brought. */
	CURLMcode code = curl_multi_perform(client->multi, &running);
	/* What has ended already, as with an endpoint that is near, has no socket any more that would end the wait. */
	if (code == CURLM_OK && (size_t)running < client->in_flight)
		timeout_ms = 0;
	if (code == CURLM_OK)
		code = curl_multi_poll(client->multi, waits, (unsigned)fd_count, timeout_ms, NULL);
	if (code == CURLM_OK)
		code = curl_multi_perform(client->multi, &running);
	for (size_t i = 0; i < fd_count; i++)
		fds[i].revents = waits[i].revents & CURL_WAIT_POLLIN ? POLLIN : 0;
	if (code != CURLM_OK)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_HTTP, -1, "libcurl: %s", curl_multi_strerror(code));
	return VOC_OK;
}

static void describe(const struct slot *slot, CURLcode code, struct voc_webhook_completion *completion)
{
	long status = 0;
	curl_off_t took_us = 0, sent_us = 0;
	curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(slot->easy, CURLINFO_TOTAL_TIME_T, &took_us);
	curl_easy_getinfo(slot->easy, CURLINFO_PRETRANSFER_TIME_T, &sent_us);
	/* A body over the limit was cut off by us: the endpoint did answer. */
	bool answered = code == CURLE_OK ||
	                (code == CURLE_WRITE_ERROR && slot->response_bytes > VOC_WEBHOOK_RESPONSE_MAX_BYTES);
	*completion = (struct voc_webhook_completion){
		.opaque = slot->opaque,
		.http_status = answered ? (int)status : 0,
		.connection_level = !answered && sent_us == 0,
		.took_us = took_us,
		.problem = answered        ? NULL
		           : slot->refused ? "the address is a private one (VOC_ALLOW_PRIVATE)"
		                           : curl_easy_strerror(code),
	};
	voc_str_copy(completion->retry_after, sizeof completion->retry_after, voc_str_from(slot->retry_after));
}

static void end_request(struct voc_webhook_client *client, struct slot *slot)
{
	curl_multi_remove_handle(client->multi, slot->easy);
	release_slot(client, slot);
	client->in_flight--;
}

bool voc_webhook_client_next(struct voc_webhook_client *client, struct voc_webhook_completion *ret_completion)
{
	CURLMsg *message;
	int left;
	do {
		message = curl_multi_info_read(client->multi, &left);
	} while (message && message->msg != CURLMSG_DONE);
	if (!message)
		return false;
	CURL *easy = message->easy_handle;
	CURLcode code = message->data.result;
	struct slot *slot = NULL;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&slot);
	describe(slot, code, ret_completion);
	end_request(client, slot);
	return true;
}

void voc_webhook_client_cancel(struct voc_webhook_client *client)
{
	for (size_t i = 0; i < client->slot_count; i++)
		if (client->slots[i].under_way)
			end_request(client, &client->slots[i]);
}

size_t voc_webhook_client_in_flight(const struct voc_webhook_client *client)
{
	return client->in_flight;
}

void voc_webhook_client_wake(struct voc_webhook_client *client)
{
	curl_multi_wakeup(client->multi);
}
