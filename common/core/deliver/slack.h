/*
 * An alert as a message to a Slack incoming webhook, for people: who, how bad, why, and what to do.
 *
 * Korean or English by the alert's language. Customers' words come in as evidence, so everything is escaped the way
 * Slack asks for (& < >): "<!channel>" from a customer pages nobody. Texts are cut at character boundaries, well
 * within Slack's limit of 3,000 characters a section. Pure, any thread.
 */
#ifndef VOC_CORE_SLACK_H
#define VOC_CORE_SLACK_H

#include "core/aggregate/alert.h"

#define VOC_SLACK_MAX_BYTES (16 * 1024)

/* Appends the JSON payload. `contributions` oldest first, as the alert holds them. False if the buffer is full, or
 * memory ran out (buf->out_of_memory). */
bool voc_slack_encode(struct voc_buf *buf, const struct voc_alert *alert, const struct voc_contribution *contributions,
                      size_t count);

#endif
