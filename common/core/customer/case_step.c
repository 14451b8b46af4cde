/* What happens to cases: contacts, follow-ups, and what falls due. */
#include "core/customer/case.h"
#include "core/customer/risk.h"

#include <stdlib.h>

static void tally(struct voc_case_changes *changes, const struct voc_case *one, enum voc_case_tally what)
{
	changes->tallies[one->cause] |= (uint16_t)(1U << what);
}

static void alert(struct voc_case_changes *changes, const struct voc_case *one, enum voc_rule rule,
                  enum voc_severity least)
{
	changes->alerts = true;
	changes->rule = rule;
	changes->severity = one->severity > least ? (enum voc_severity)one->severity : least;
	changes->cause = one->cause;
}

static int64_t deadline(const struct voc_case_rules *rules, int64_t from_ms, int minutes)
{
	return rules->on ? voc_business_deadline_ms(&rules->hours, from_ms, minutes) : 0;
}

/* The next step of escalation of this round; 0 if there is none. */
static int64_t next_step(const struct voc_case *one, const struct voc_case_rules *rules)
{
	if (one->steps >= rules->step_count)
		return 0;
	return deadline(rules, one->round_ms, rules->steps[one->steps].after_minutes);
}

static int64_t silent_from(const struct voc_case_rules *rules, int64_t time_ms)
{
	return rules->silence_ms > 0 ? time_ms + rules->silence_ms : 0;
}

/* All deadlines begin anew: the case was opened, or opened again. */
static void begin_round(struct voc_case *one, const struct voc_case_rules *rules, int64_t time_ms)
{
	one->flags = 0;
	one->steps = 0;
	one->round_ms = one->changed_ms = time_ms;
	one->due_ms[VOC_DUE_CASE_RESPOND] = deadline(rules, time_ms, rules->respond_minutes[one->severity]);
	one->due_ms[VOC_DUE_CASE_RESOLVE] = deadline(rules, time_ms, rules->resolve_minutes[one->severity]);
	one->due_ms[VOC_DUE_CASE_ESCALATE] = next_step(one, rules);
	one->due_ms[VOC_DUE_CASE_SILENCE] = silent_from(rules, time_ms);
	one->due_ms[VOC_DUE_CASE_SETTLE] = time_ms + rules->abandon_ms;
}

static void stop_clocks(struct voc_case *one)
{
	memset(one->due_ms, 0, sizeof one->due_ms);
}

static bool text_fits(const char *wanted, struct voc_str text)
{
	return wanted[0] == '\0' || voc_str_is(text, wanted);
}

static const char *team_for(const struct voc_case_rules *rules, const struct voc_case_contact *contact)
{
	const struct voc_classified *event = contact->event;
	for (int i = 0; i < rules->route_count; i++) {
		const struct voc_case_route *route = &rules->routes[i];
		if ((!route->has_factor || route->factor == event->labels.primary_factor) &&
		    (!route->has_servqual || route->servqual == event->labels.servqual) &&
		    (!route->has_stage || route->stage == (int)contact->stage) &&
		    text_fits(route->product, event->product) && text_fits(route->from_team, event->team))
			return route->team;
	}
	return rules->team;
}

static uint8_t severity_of(const struct voc_case_contact *contact)
{
	const struct voc_labels *labels = &contact->event->labels;
	if (labels->churn_intent || contact->critical)
		return VOC_SEVERITY_CRITICAL;
	bool serious = labels->feedback == VOC_FEEDBACK_COMPLAINT || (labels->factors >> VOC_FACTOR_WORD_OF_MOUTH & 1);
	return serious ? VOC_SEVERITY_WARNING : VOC_SEVERITY_INFO;
}

static bool open_case(struct voc_cases *cases, const struct voc_case_rules *rules,
                      const struct voc_case_contact *contact, uint8_t severity, struct voc_case_changes *changes)
{
	const struct voc_classified *event = contact->event;
	struct voc_case one = { .cause = voc_cause_of(&event->labels),
		                .state = VOC_CASE_OPEN,
		                .severity = severity,
		                .channel = (uint8_t)event->channel,
		                .number = contact->number,
		                .contacts = 1,
		                .opened_ms = event->time_ms,
		                .last_ms = event->time_ms };
	memcpy(one.lang, event->lang, sizeof one.lang);
	begin_round(&one, rules, event->time_ms);
	one.team = strdup(team_for(rules, contact));
	one.product = event->product.len > 0 ? strndup(event->product.ptr, event->product.len) : NULL;
	if (one.team && (event->product.len == 0 || one.product) && voc_cases_put(cases, &one)) {
		tally(changes, &one, VOC_TALLY_OPENED);
		return true;
	}
	free(one.team);
	free(one.product);
	return false;
}

static void sooner(int64_t *due_ms, int64_t wanted_ms)
{
	if (*due_ms != 0 && wanted_ms != 0 && wanted_ms < *due_ms)
		*due_ms = wanted_ms;
}

/* One more contact of its cause. If the case turns out to be worse than it seemed, open deadlines come sooner. */
static void attach(struct voc_case *one, const struct voc_case_rules *rules, int64_t time_ms, uint8_t severity)
{
	one->contacts++;
	if (time_ms > one->last_ms)
		one->last_ms = time_ms;
	if (!voc_case_is_active(one) || severity <= one->severity)
		return;
	one->severity = severity;
	sooner(&one->due_ms[VOC_DUE_CASE_RESPOND], deadline(rules, time_ms, rules->respond_minutes[severity]));
	sooner(&one->due_ms[VOC_DUE_CASE_RESOLVE], deadline(rules, time_ms, rules->resolve_minutes[severity]));
}

static void reopen(struct voc_case *one, const struct voc_case_rules *rules, int64_t time_ms,
                   struct voc_case_changes *changes)
{
	one->state = VOC_CASE_REOPENED;
	one->reopens++;
	begin_round(one, rules, time_ms);
	tally(changes, one, VOC_TALLY_REOPENED);
}

/* The same trouble after it was resolved or closed: the case is opened again, with a higher severity. */
static void come_back(struct voc_case *one, const struct voc_case_rules *rules, int64_t time_ms, uint8_t severity,
                      struct voc_case_changes *changes)
{
	attach(one, rules, time_ms, severity);
	if (severity > one->severity)
		one->severity = severity;
	if (one->severity < VOC_SEVERITY_CRITICAL)
		one->severity++;
	reopen(one, rules, time_ms, changes);
	alert(changes, one, VOC_RULE_CASE_REOPENED, VOC_SEVERITY_WARNING);
}

/* Until when the same trouble reopens the case. A resolved case may be due to be closed without the record of it having
 * been read, so its time to reopen counts from the closing that is due. */
static int64_t reopens_until(const struct voc_case *one, const struct voc_case_rules *rules)
{
	int64_t settles_ms = one->due_ms[VOC_DUE_CASE_SETTLE];
	return one->state == VOC_CASE_RESOLVED ? settles_ms + rules->reopen_ms : settles_ms;
}

static bool take_trouble(struct voc_cases *cases, const struct voc_case_rules *rules,
                         const struct voc_case_contact *contact, struct voc_case_changes *changes)
{
	const struct voc_classified *event = contact->event;
	uint8_t severity = severity_of(contact);
	struct voc_case *one = voc_cases_find(cases, voc_cause_of(&event->labels));
	int64_t time_ms = event->time_ms;
	if (!one || (!voc_case_is_active(one) && time_ms > reopens_until(one, rules)))
		return open_case(cases, rules, contact, severity, changes);
	if (voc_case_is_active(one) || time_ms < one->changed_ms)
		attach(one, rules, time_ms, severity);
	else
		come_back(one, rules, time_ms, severity, changes);
	return true;
}

static void close_case(struct voc_case *one, const struct voc_case_rules *rules, int64_t time_ms,
                       struct voc_case_changes *changes)
{
	one->state = VOC_CASE_CLOSED;
	one->changed_ms = time_ms;
	stop_clocks(one);
	one->due_ms[VOC_DUE_CASE_SETTLE] = time_ms + rules->reopen_ms;
	tally(changes, one, VOC_TALLY_CLOSED);
}

/* The customer was content at a contact after the last one of the case's cause. */
static void recover(struct voc_case *one, const struct voc_case_rules *rules, int64_t time_ms,
                    struct voc_case_changes *changes)
{
	if (time_ms <= one->last_ms || (one->flags & VOC_CASE_RECOVERED))
		return;
	one->flags |= VOC_CASE_RECOVERED;
	tally(changes, one, VOC_TALLY_RECOVERED);
	if (one->state == VOC_CASE_RESOLVED && time_ms >= one->changed_ms)
		close_case(one, rules, time_ms, changes);
}

/* Any contact puts off the moment at which the customer counts as silent. */
static void hear(struct voc_case *one, const struct voc_case_rules *rules, int64_t time_ms)
{
	int64_t *due_ms = &one->due_ms[VOC_DUE_CASE_SILENCE];
	int64_t later_ms = time_ms + rules->silence_ms;
	if (*due_ms != 0 && later_ms > *due_ms)
		*due_ms = later_ms;
}

bool voc_cases_contact(struct voc_cases *cases, const struct voc_case_rules *rules,
                       const struct voc_case_contact *contact, struct voc_case_changes *changes)
{
	const struct voc_classified *event = contact->event;
	enum voc_satisfaction satisfaction = event->labels.satisfaction;
	bool trouble = voc_risk_is_trouble(&event->labels);
	bool content =
	        !trouble && (satisfaction == VOC_SATISFACTION_SATISFIED || satisfaction == VOC_SATISFACTION_DELIGHTED);
	if (!rules->on)
		return true;
	for (int i = 0; i < cases->count; i++) {
		hear(&cases->list[i], rules, event->time_ms);
		if (content)
			recover(&cases->list[i], rules, event->time_ms, changes);
	}
	return !trouble || take_trouble(cases, rules, contact, changes);
}

/* Ends a deadline. If its time has passed, it was missed, and its due record has just not been read yet. */
static void meet(struct voc_case *one, enum voc_due_kind kind, int64_t time_ms, struct voc_case_changes *changes)
{
	int64_t due_ms = one->due_ms[kind];
	one->due_ms[kind] = 0;
	if (due_ms == 0 || time_ms <= due_ms)
		return;
	bool respond = kind == VOC_DUE_CASE_RESPOND;
	one->flags |= respond ? VOC_CASE_RESPOND_OVERDUE : VOC_CASE_RESOLVE_OVERDUE;
	tally(changes, one, respond ? VOC_TALLY_RESPOND_OVERDUE : VOC_TALLY_RESOLVE_OVERDUE);
}

static void act(struct voc_case *one, const struct voc_case_rules *rules, enum voc_case_action action, int64_t time_ms,
                struct voc_case_changes *changes)
{
	one->changed_ms = time_ms;
	switch (action) {
	case VOC_CASE_CONTACT:
	case VOC_CASE_OFFER: one->due_ms[VOC_DUE_CASE_SILENCE] = 0; /* fall through */
	case VOC_CASE_ACKNOWLEDGE: meet(one, VOC_DUE_CASE_RESPOND, time_ms, changes); break;
	case VOC_CASE_RESOLVE:
		meet(one, VOC_DUE_CASE_RESPOND, time_ms, changes);
		meet(one, VOC_DUE_CASE_RESOLVE, time_ms, changes);
		stop_clocks(one);
		one->due_ms[VOC_DUE_CASE_SETTLE] = time_ms + rules->close_ms;
		tally(changes, one, VOC_TALLY_RESOLVED);
		break;
	case VOC_CASE_CLOSE: close_case(one, rules, time_ms, changes); break;
	case VOC_CASE_REOPEN: reopen(one, rules, time_ms, changes); break;
	case VOC_CASE_ACTION_COUNT: break;
	}
}

enum voc_case_refusal voc_cases_follow_up(struct voc_cases *cases, const struct voc_case_rules *rules,
                                          struct voc_str case_id, struct voc_str action, int64_t time_ms,
                                          struct voc_case_changes *changes)
{
	enum voc_case_action wanted;
	enum voc_case_state next;
	if (!voc_case_action_parse(action, &wanted))
		return VOC_CASE_UNKNOWN_ACTION;
	struct voc_case *one = voc_cases_find_id(cases, case_id);
	if (!one)
		return VOC_CASE_NO_SUCH_CASE;
	if (time_ms < one->changed_ms)
		return VOC_CASE_STALE_MOVE;
	if (!voc_case_next((enum voc_case_state)one->state, wanted, &next))
		return VOC_CASE_ILLEGAL_MOVE;
	one->state = (uint8_t)next;
	act(one, rules, wanted, time_ms, changes);
	return VOC_CASE_TAKEN;
}

static enum voc_case_due_outcome escalate(struct voc_case *one, const struct voc_case_rules *rules,
                                          struct voc_case_changes *changes)
{
	if (one->steps < rules->step_count) {
		char *team = strdup(rules->steps[one->steps].team);
		if (!team)
			return VOC_CASE_DUE_OUT_OF_MEMORY;
		free(one->team);
		one->team = team;
		one->steps++;
		tally(changes, one, VOC_TALLY_ESCALATED);
		alert(changes, one, VOC_RULE_CASE_ESCALATED, VOC_SEVERITY_WARNING);
	}
	one->due_ms[VOC_DUE_CASE_ESCALATE] = next_step(one, rules);
	return VOC_CASE_DUE_DONE;
}

static void settle(struct voc_cases *cases, struct voc_case *one, const struct voc_case_rules *rules, int64_t due_ms,
                   struct voc_case_changes *changes)
{
	if (one->state == VOC_CASE_CLOSED) {
		voc_cases_remove(cases, one);
		return;
	}
	if (voc_case_is_active(one)) {
		one->flags |= VOC_CASE_ABANDONED;
		tally(changes, one, VOC_TALLY_ABANDONED);
	}
	close_case(one, rules, due_ms, changes);
}

enum voc_case_due_outcome voc_cases_due(struct voc_cases *cases, const struct voc_case_rules *rules,
                                        const struct voc_due *due, struct voc_case_changes *changes)
{
	struct voc_case *one = voc_cases_find_id(cases, due->subject);
	if (!one || (int)due->kind >= VOC_CASE_DUE_COUNT || one->due_ms[due->kind] == 0 ||
	    one->due_ms[due->kind] != due->due_ms)
		return VOC_CASE_DUE_STALE;
	one->due_ms[due->kind] = 0;
	switch (due->kind) {
	case VOC_DUE_CASE_RESPOND:
		one->flags |= VOC_CASE_RESPOND_OVERDUE;
		tally(changes, one, VOC_TALLY_RESPOND_OVERDUE);
		alert(changes, one, VOC_RULE_CASE_RESPOND_OVERDUE, VOC_SEVERITY_WARNING);
		break;
	case VOC_DUE_CASE_RESOLVE:
		one->flags |= VOC_CASE_RESOLVE_OVERDUE;
		tally(changes, one, VOC_TALLY_RESOLVE_OVERDUE);
		alert(changes, one, VOC_RULE_CASE_RESOLVE_OVERDUE, VOC_SEVERITY_CRITICAL);
		break;
	case VOC_DUE_CASE_ESCALATE: return escalate(one, rules, changes);
	case VOC_DUE_CASE_SILENCE:
		one->flags |= VOC_CASE_SILENT;
		tally(changes, one, VOC_TALLY_SILENT);
		alert(changes, one, VOC_RULE_CASE_SILENT, VOC_SEVERITY_WARNING);
		break;
	case VOC_DUE_CASE_SETTLE: settle(cases, one, rules, due->due_ms, changes); break;
	default: break;
	}
	return VOC_CASE_DUE_DONE;
}
