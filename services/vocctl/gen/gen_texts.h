/*
 * The generator's words: utterances written for this project, by language, line of business and mood.
 *
 * Read once from share/voc/gen-texts.ndjson; immutable after, may be shared by threads.
 */
#ifndef VOC_VOCCTL_GEN_TEXTS_H
#define VOC_VOCCTL_GEN_TEXTS_H

#include "base/err.h"
#include "base/str.h"
#include "gen_random.h"

/* X(symbol, name, products, ended by NULL) */
#define GEN_DOMAINS(X)                                                                    \
	X(GEN_TELECOM, "telecom", "internet-500", "mobile-5g", "iptv-plus")               \
	X(GEN_FINANCE, "finance", "checking", "credit-card", "car-insurance")             \
	X(GEN_TRAVEL, "travel", "economy-fare", "rail-pass", "city-hotel")                \
	X(GEN_DELIVERY, "delivery", "express", "meal-delivery", "same-day")               \
	X(GEN_SHOPPING, "shopping", "marketplace", "fashion", "furniture")                \
	X(GEN_DINING, "dining", "coffee", "family-restaurant", "catering")                \
	X(GEN_MEDIA, "media", "streaming-basic", "streaming-premium", "music")            \
	X(GEN_SOFTWARE, "software", "mobile-app", "team-workspace", "cloud-backup")       \
	X(GEN_ELECTRONICS, "electronics", "laptop-14", "washing-machine", "robot-vacuum") \
	X(GEN_HEALTH, "health", "clinic-visit", "health-check", "fitness-pass")           \
	X(GEN_PUBLIC, "public", "civil-service", "electricity", "night-school")

#define GEN_PRODUCTS_PER_DOMAIN 3

#define X(symbol, ...) symbol,
enum gen_domain { GEN_DOMAINS(X) GEN_DOMAIN_COUNT };
#undef X

enum gen_lang { GEN_KOREAN, GEN_ENGLISH, GEN_LANG_COUNT };

/* What an utterance does for a story. */
enum gen_mood { GEN_PRAISE, GEN_REMARK, GEN_QUESTION, GEN_COMPLAINT, GEN_CHURN, GEN_MOOD_COUNT };

struct gen_texts;

/* VOC_FATAL with VOC_REASON_CONFIG and the line, if the file can't be read or lacks a kind of text. */
VOC_MUST_CHECK enum voc_status gen_texts_open(const char *path, struct gen_texts **ret_texts, struct voc_error *error);
void gen_texts_free(struct gen_texts *texts);
/* Any text of this kind, already escaped for the inside of a JSON string. */
struct voc_str gen_texts_draw(const struct gen_texts *texts, enum gen_lang lang, enum gen_domain domain,
                              enum gen_mood mood, struct gen_random *random);

const char *gen_product_name(enum gen_domain domain, uint32_t index);

#endif
