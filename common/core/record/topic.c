#include "core/record/topic.h"

#include <stdio.h>

const char *voc_topic_suffix(enum voc_topic topic)
{
	static const char *const names[] = {
#define X(symbol, name) [symbol] = (name),
		VOC_TOPICS(X)
#undef X
	};
	return (unsigned)topic < VOC_TOPIC_COUNT ? names[topic] : NULL;
}

bool voc_topic_name(char to[VOC_TOPIC_NAME_SIZE], const char *prefix, enum voc_topic topic)
{
	int len = snprintf(to, VOC_TOPIC_NAME_SIZE, "%s%s", prefix, voc_topic_suffix(topic));
	if (len > 0 && len < VOC_TOPIC_NAME_SIZE)
		return true;
	to[0] = '\0';
	return false;
}

bool voc_topic_find(struct voc_str name, const char *prefix, enum voc_topic *ret_topic)
{
	struct voc_str before = voc_str_from(prefix);
	if (!voc_str_starts_with(name, before))
		return false;
	struct voc_str suffix = voc_str_of(name.ptr + before.len, name.len - before.len);
	for (int topic = 0; topic < VOC_TOPIC_COUNT; topic++) {
		if (!voc_str_is(suffix, voc_topic_suffix((enum voc_topic)topic)))
			continue;
		*ret_topic = (enum voc_topic)topic;
		return true;
	}
	return false;
}
