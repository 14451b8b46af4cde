#include "core/customer/due.h"

static const char *const kind_names[] = {
#define X(symbol, name, text) name,
	VOC_DUE_KINDS(X)
#undef X
};

const char *voc_due_kind_name(enum voc_due_kind kind)
{
	return (unsigned)kind < VOC_DUE_KIND_COUNT ? kind_names[kind] : NULL;
}

bool voc_due_kind_parse(struct voc_str name, enum voc_due_kind *ret_kind)
{
	int found = voc_str_index(name, kind_names, VOC_DUE_KIND_COUNT);
	if (found >= 0)
		*ret_kind = (enum voc_due_kind)found;
	return found >= 0;
}

bool voc_due_member(struct voc_buf *buf, const struct voc_due *due)
{
	voc_buf_add_str(buf, voc_str_from(voc_due_kind_name(due->kind)));
	voc_buf_add_char(buf, '/');
	voc_buf_add_str(buf, due->subject);
	voc_buf_add_char(buf, '/');
	return voc_buf_add_str(buf, due->customer_id);
}

/* Takes what stands before the first slash off the front. */
static bool take_part(struct voc_str *text, struct voc_str *ret_part)
{
	const char *slash = text->len > 0 ? memchr(text->ptr, '/', text->len) : NULL;
	if (!slash || slash == text->ptr)
		return false;
	*ret_part = voc_str_of(text->ptr, (size_t)(slash - text->ptr));
	*text = voc_str_of(slash + 1, text->len - ret_part->len - 1);
	return true;
}

bool voc_due_member_parse(struct voc_str member, struct voc_due *ret_due)
{
	struct voc_due due = { .due_ms = ret_due->due_ms };
	struct voc_str kind;
	if (!take_part(&member, &kind) || !take_part(&member, &due.subject) || member.len == 0 ||
	    due.subject.len > VOC_DUE_SUBJECT_MAX || !voc_due_kind_parse(kind, &due.kind))
		return false;
	due.customer_id = member;
	*ret_due = due;
	return true;
}
