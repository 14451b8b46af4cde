#include "forget_corrections.h"

#include "core/record/correction.h"
#include "core/record/topic.h"
#include "vocctl/shared/scan.h"

#define ARENA_MAX_BYTES ((size_t)1024 * 1024)

struct search {
	struct vocctl_sender *sender;
	struct voc_arena *arena; /* of one record */
	struct voc_str customer_id;
	char topic[VOC_TOPIC_NAME_SIZE];
	int64_t withdrawn;
};

static bool look(void *context, const struct voc_message *message, struct voc_error *error)
{
	struct search *search = context;
	struct voc_correction correction;
	if (!message->key.ptr || !message->value.ptr)
		return true;
	voc_arena_reset(search->arena);
	if (voc_correction_decode(message->value, search->arena, &correction, NULL) != VOC_OK ||
	    !voc_str_eq(correction.customer_id, search->customer_id))
		return true;
	/* After every correction that the scan can see, whichever partition it is in. */
	const struct voc_outgoing tombstone = { .topic = search->topic,
		                                .partition = VOC_PARTITION_BY_KEY,
		                                .key = message->key };
	search->withdrawn++;
	return vocctl_sender_send(search->sender, &tombstone, error) == VOC_OK;
}

enum voc_status forget_corrections(const struct voc_conf *conf, struct vocctl_sender *sender,
                                   struct voc_str customer_id, int64_t *ret_withdrawn, struct voc_error *error)
{
	const struct vocctl_tail all = { .topic = VOC_TOPIC_CORRECTIONS, .last = VOCCTL_TAIL_ALL };
	struct search search = { .sender = sender, .customer_id = customer_id };
	if (!voc_topic_name(search.topic, conf->topic_prefix, VOC_TOPIC_CORRECTIONS))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "the topic prefix is too long");
	search.arena = voc_arena_new(ARENA_MAX_BYTES);
	if (!search.arena)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for corrections");
	enum voc_status status = vocctl_scan(conf, &all, 1, look, &search, error);
	voc_arena_free(search.arena);
	*ret_withdrawn = search.withdrawn;
	return status;
}

struct profile {
	struct voc_str customer_id;
	bool kept;
};

static bool look_at_profile(void *context, const struct voc_message *message, struct voc_error *error)
{
	struct profile *profile = context;
	(void)error;
	if (voc_str_eq(message->key, profile->customer_id))
		profile->kept = message->value.len > 0;
	return true;
}

enum voc_status forget_profile(const struct voc_conf *conf, struct vocctl_sender *sender, struct voc_str customer_id,
                               bool *ret_erased, struct voc_error *error)
{
	const struct vocctl_tail all = { .topic = VOC_TOPIC_PROFILES, .last = VOCCTL_TAIL_ALL, .key = customer_id };
	struct profile profile = { .customer_id = customer_id };
	char topic[VOC_TOPIC_NAME_SIZE];
	const struct voc_outgoing tombstone = { .topic = topic, .partition = VOC_PARTITION_BY_KEY, .key = customer_id };
	if (!voc_topic_name(topic, conf->topic_prefix, VOC_TOPIC_PROFILES))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "the topic prefix is too long");
	enum voc_status status = vocctl_scan(conf, &all, 1, look_at_profile, &profile, error);
	if (status == VOC_OK && profile.kept)
		status = vocctl_sender_send(sender, &tombstone, error);
	if (status == VOC_OK)
		status = vocctl_sender_drain(sender, error);
	*ret_erased = profile.kept;
	return status;
}
