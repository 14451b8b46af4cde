#include "core/customer/customer.h"

#include <stdlib.h>

#define INDEX_UNKNOWN 50 /* nobody said how satisfied they are */

void voc_customer_init(struct voc_customer *customer)
{
	*customer = (struct voc_customer){ 0 };
}

void voc_customer_free(struct voc_customer *customer)
{
	free(customer->last_event);
	voc_cases_free(&customer->cases);
	voc_account_free(customer->account);
	voc_recent_free(&customer->recent);
	for (int i = 0; i < customer->contribution_count; i++)
		voc_shared_text_release(customer->contributions[i]);
	voc_customer_init(customer);
}

bool voc_customer_clone(const struct voc_customer *customer, struct voc_arena *arena, struct voc_customer *ret_copy)
{
	struct voc_customer copy = *customer;
	copy.recent.few = NULL;
	copy.recent.few_room = 0;
	copy.recent.index = NULL;
	if (!voc_cases_clone_into(&customer->cases, arena, &copy.cases) ||
	    (customer->account && !(copy.account = voc_account_clone(customer->account, arena))) ||
	    (customer->last_event && !(copy.last_event = voc_arena_text(arena, customer->last_event))))
		return false;
	for (int i = 0; i < customer->contribution_count; i++)
		voc_shared_text_share(customer->contributions[i]);
	*ret_copy = copy;
	return true;
}

void voc_customer_clone_free(struct voc_customer *copy)
{
	for (int i = 0; i < copy->contribution_count; i++)
		voc_shared_text_release(copy->contributions[i]);
	voc_customer_init(copy);
}

bool voc_customer_is_known(const struct voc_customer *customer)
{
	return customer->counts.events > 0 || customer->account;
}

enum voc_at_risk_change voc_customer_at_risk(const struct voc_customer *before, const struct voc_customer *now,
                                             int *ret_score)
{
	bool was = before && before->state != VOC_RISK_NORMAL;
	int level = voc_risk_level(now->risk);
	if (now->state == VOC_RISK_NORMAL)
		return was ? VOC_AT_RISK_REMOVE : VOC_AT_RISK_KEEP;
	if (was && voc_risk_level(before->risk) == level)
		return VOC_AT_RISK_KEEP;
	*ret_score = level;
	return VOC_AT_RISK_SET;
}

/* A case's entries, where they differ from those of the same case before. */
static bool tell_case(struct voc_due *due, const struct voc_case *before, const struct voc_case *now, voc_due_fn tell,
                      void *context)
{
	char id[VOC_CASE_ID_SIZE];
	if (before && now && memcmp(before->due_ms, now->due_ms, sizeof now->due_ms) == 0)
		return true; /* as most are, whose id nobody needs */
	due->subject = voc_str_from(voc_case_id(now ? now : before, id));
	for (int kind = 0; kind < VOC_CASE_DUE_COUNT; kind++) {
		due->kind = (enum voc_due_kind)kind;
		due->due_ms = now ? now->due_ms[kind] : 0;
		int64_t before_ms = before ? before->due_ms[kind] : 0;
		if (due->due_ms != before_ms && !tell(context, due, before_ms))
			return false;
	}
	return true;
}

static int64_t lapses_ms(const struct voc_customer *customer)
{
	return customer && customer->account ? customer->account->lapses_ms : 0;
}

bool voc_customer_due_diff(struct voc_str id, const struct voc_customer *before, const struct voc_customer *now,
                           voc_due_fn tell, void *context)
{
	static const struct voc_cases none;
	const struct voc_cases *old = before ? &before->cases : &none;
	struct voc_due due = { .customer_id = id };
	for (int cause = 0; (old->count > 0 || now->cases.count > 0) && cause < VOC_CAUSE_COUNT; cause++) {
		const struct voc_case *was = voc_cases_find(old, cause), *is = voc_cases_find(&now->cases, cause);
		bool same = was && is && was->number == is->number;
		if (was && !same && !tell_case(&due, was, NULL, tell, context))
			return false;
		if (is && !tell_case(&due, same ? was : NULL, is, tell, context))
			return false;
	}
	due.kind = VOC_DUE_CLIENT_LAPSE;
	due.subject = VOC_STR("-");
	due.due_ms = lapses_ms(now);
	return due.due_ms == lapses_ms(before) || tell(context, &due, lapses_ms(before));
}

int voc_customer_satisfaction_index(const struct voc_customer *customer)
{
	uint32_t contacts = customer->counts.index_contacts;
	return contacts > 0 ? (int)(customer->counts.index_points / contacts) : INDEX_UNKNOWN;
}

int voc_customer_troubles_near(const struct voc_customer *customer, int64_t time_ms, int64_t window_ms, int factor,
                               bool only_complaints)
{
	int near = 0;
	for (int i = 0; i < customer->trouble_count; i++) {
		const struct voc_trouble *trouble = &customer->troubles[i];
		near += voc_is_within(time_ms, trouble->at_ms, window_ms) &&
		        (factor == VOC_ANY_FACTOR || trouble->factor == factor) &&
		        (trouble->complaint || !only_complaints);
	}
	return near;
}

bool voc_customer_contributions(const struct voc_customer *customer, struct voc_buf *buf)
{
	voc_buf_add_char(buf, '[');
	for (int i = 0; i < customer->contribution_count; i++) {
		if (i > 0)
			voc_buf_add_char(buf, ',');
		voc_buf_add_str(buf, voc_shared_text_str(customer->contributions[i]));
	}
	return voc_buf_add_char(buf, ']');
}

size_t voc_customer_bytes(const struct voc_customer *customer)
{
	size_t bytes = sizeof *customer + voc_recent_bytes(&customer->recent) + voc_cases_bytes(&customer->cases);
	if (customer->account)
		bytes += voc_account_bytes(customer->account);
	if (customer->last_event)
		bytes += strlen(customer->last_event) + 1;
	for (int i = 0; i < customer->contribution_count; i++)
		bytes += voc_shared_text_bytes(customer->contributions[i]);
	return bytes;
}
