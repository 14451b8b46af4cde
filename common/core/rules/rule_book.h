/*
 * Rule sets by version, each held once, however many partitions are under it.
 *
 * The book owns the sets. Whoever is given one holds it until voc_rule_set_release; the last release frees it, so the
 * book never has more of them than it has holders. Sets with the same version are the same set: pointers may be
 * compared. No locks: one thread at a time for a book and its sets.
 */
#ifndef VOC_CORE_RULE_BOOK_H
#define VOC_CORE_RULE_BOOK_H

#include "core/rules/rules.h"

struct voc_rule_book;

struct voc_rule_set {
	struct voc_rules rules;
	struct voc_str json; /* canonical; see docs/SEMANTICS.md */
};

/* NULL when memory runs out. */
struct voc_rule_book *voc_rule_book_new(void);
/* NULL is fine. Every set must have been released. */
void voc_rule_book_free(struct voc_rule_book *book);

/* Held; NULL if no set has this version. */
const struct voc_rule_set *voc_rule_book_find(struct voc_rule_book *book, struct voc_str version);
/* Held; both are copied if the version is new. NULL when memory runs out. */
const struct voc_rule_set *voc_rule_book_take(struct voc_rule_book *book, const struct voc_rules *rules,
                                              struct voc_str json);
/* Reads a rules file's text; as voc_rules_read. The set is held. */
VOC_MUST_CHECK enum voc_status voc_rule_book_read(struct voc_rule_book *book, struct voc_str json,
                                                  const struct voc_rule_set **ret_set, struct voc_error *error);

/* Once more; returns `set`. NULL is fine, here and below. */
const struct voc_rule_set *voc_rule_set_hold(const struct voc_rule_set *set);
void voc_rule_set_release(const struct voc_rule_set *set);
/* "" for NULL. */
const char *voc_rule_set_version(const struct voc_rule_set *set);

#endif
