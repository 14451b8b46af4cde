/*
 * Finds personal data in text, so that it is stars before anything is stored or sent on: resident and foreigner
 * registration numbers, telephone numbers, cards, bank accounts, e-mail addresses, car plates, passports, driving
 * licences, social security numbers. docs/PRIVACY.md says what each looks like, how well they are found, and what is
 * not looked for (names, addresses).
 *
 * One pass that only looks closer at digits and '@'; nothing allocated. Each masked byte becomes '*', so lengths and
 * offsets stay what they were, and text stays valid UTF-8. Pure, any thread.
 */
#ifndef VOC_CORE_MASK_H
#define VOC_CORE_MASK_H

#include "base/json_write.h"

/* X(symbol, name) */
#define VOC_MASK_KINDS(X)                       \
	X(VOC_MASK_RESIDENT, "resident_number") \
	X(VOC_MASK_PHONE, "phone")              \
	X(VOC_MASK_CARD, "card")                \
	X(VOC_MASK_ACCOUNT, "account")          \
	X(VOC_MASK_EMAIL, "email")              \
	X(VOC_MASK_PLATE, "plate")              \
	X(VOC_MASK_PASSPORT, "passport")        \
	X(VOC_MASK_LICENCE, "licence")          \
	X(VOC_MASK_SOCIAL, "social_security")

#define X(symbol, name) symbol,
enum voc_mask_kind { VOC_MASK_KINDS(X) VOC_MASK_KIND_COUNT };
#undef X

#define VOC_MASK_SPANS_MAX 64

struct voc_mask_span {
	uint32_t start, end; /* bytes */
	enum voc_mask_kind kind;
};

/* What is to be masked in one text, in order, not overlapping. A text with more than fits is masked from the last
 * span to its end. */
struct voc_mask {
	struct voc_mask_span at[VOC_MASK_SPANS_MAX];
	size_t count;
};

const char *voc_mask_kind_name(enum voc_mask_kind kind);

/* `text` is UTF-8. */
void voc_mask_find(struct voc_str text, struct voc_mask *ret_mask);
/* Copies bytes start to end (within the text) of `text` to `to`, masked as `mask`, found in the whole text, says. */
void voc_mask_slice(const struct voc_mask *mask, struct voc_str text, size_t start, size_t end, char *to);
/* Finds and masks, in place. True if there was anything. */
bool voc_mask(char *text, size_t len);
#define VOC_MASK_JSON_MAX_BYTES 1024 /* of a scalar; a longer one is masked whole */
/* Writes a scalar that is JSON text already; one with personal data in it as a string, masked. */
void voc_mask_json(struct voc_json_writer *json, struct voc_str value);

#endif
