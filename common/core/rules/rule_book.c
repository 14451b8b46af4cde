#include "core/rules/rule_book.h"

#include <stdlib.h>

struct entry {
	struct voc_rule_set shown; /* first: what holders have */
	struct voc_rule_book *book;
	struct entry *next;
	size_t holders;
	char json[];
};

struct voc_rule_book {
	struct entry *first;
};

static struct entry *entry_of(const struct voc_rule_set *set)
{
	return (struct entry *)(uintptr_t)set;
}

struct voc_rule_book *voc_rule_book_new(void)
{
	return calloc(1, sizeof(struct voc_rule_book));
}

void voc_rule_book_free(struct voc_rule_book *book)
{
	free(book);
}

const struct voc_rule_set *voc_rule_book_find(struct voc_rule_book *book, struct voc_str version)
{
	for (struct entry *entry = book->first; entry; entry = entry->next) {
		if (voc_str_is(version, entry->shown.rules.version))
			return voc_rule_set_hold(&entry->shown);
	}
	return NULL;
}

const struct voc_rule_set *voc_rule_book_take(struct voc_rule_book *book, const struct voc_rules *rules,
                                              struct voc_str json)
{
	const struct voc_rule_set *known = voc_rule_book_find(book, voc_str_from(rules->version));
	if (known)
		return known;
	struct entry *entry = malloc(sizeof *entry + json.len);
	if (!entry)
		return NULL;
	memcpy(entry->json, json.ptr, json.len);
	entry->shown = (struct voc_rule_set){ *rules, voc_str_of(entry->json, json.len) };
	entry->book = book;
	entry->next = book->first;
	entry->holders = 1;
	book->first = entry;
	return &entry->shown;
}

enum voc_status voc_rule_book_read(struct voc_rule_book *book, struct voc_str json, const struct voc_rule_set **ret_set,
                                   struct voc_error *error)
{
	struct voc_rules rules;
	struct voc_buf canonical;
	voc_buf_init(&canonical, VOC_RULES_MAX_BYTES);
	enum voc_status status = voc_rules_read(json, &rules, &canonical, error);
	if (status == VOC_OK) {
		const struct voc_rule_set *set = voc_rule_book_take(book, &rules, voc_buf_str(&canonical));
		if (set)
			*ret_set = set;
		else
			status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for rules");
	}
	voc_buf_free(&canonical);
	return status;
}

const struct voc_rule_set *voc_rule_set_hold(const struct voc_rule_set *set)
{
	if (set)
		entry_of(set)->holders++;
	return set;
}

void voc_rule_set_release(const struct voc_rule_set *set)
{
	if (!set || --entry_of(set)->holders > 0)
		return;
	struct entry *entry = entry_of(set);
	struct entry **link = &entry->book->first;
	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	free(entry);
}

const char *voc_rule_set_version(const struct voc_rule_set *set)
{
	return set ? set->rules.version : "";
}
