#include "core/topic.h"

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
