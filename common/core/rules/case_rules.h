/*
 * The rules of follow-up: when a case must be answered and resolved, whose it is, and who hears of it if it is not.
 * Part of the rules (core/rules/rules.h), read by rules_cases_json.c. A plain value that owns nothing. Pure, any
 * thread.
 */
#ifndef VOC_CORE_CASE_RULES_H
#define VOC_CORE_CASE_RULES_H

#include "core/record/labels.h"
#include "core/rules/business_hours.h"

#define VOC_CASE_TEAM_SIZE  49 /* of a team's name: letters, digits, '.', '_', '-'; with the NUL */
#define VOC_CASE_MATCH_SIZE 97 /* of a product or a team that a route is for; with the NUL */
#define VOC_CASE_ROUTES_MAX 32
#define VOC_CASE_STEPS_MAX  4
#define VOC_CASE_SEVERITIES 4 /* enum voc_severity; there is no case of severity none */

/* Whose a case is: what is given must all be so. The first that fits decides. */
struct voc_case_route {
	char team[VOC_CASE_TEAM_SIZE];
	bool has_factor, has_servqual, has_stage;
	enum voc_factor factor; /* the contact's primary one */
	enum voc_servqual servqual;
	int stage;                           /* enum voc_stage */
	char product[VOC_CASE_MATCH_SIZE];   /* "": any */
	char from_team[VOC_CASE_MATCH_SIZE]; /* the team that took the contact; "": any */
};

/* A step of escalation: the team that a case goes to if it is still unresolved by then. */
struct voc_case_step {
	int after_minutes; /* business minutes since it was opened, or opened again; more than the step before */
	char team[VOC_CASE_TEAM_SIZE];
};

struct voc_case_rules {
	bool on; /* the rules have such a part at all; the rest is zero otherwise */
	struct voc_business_hours hours;
	int respond_minutes[VOC_CASE_SEVERITIES], resolve_minutes[VOC_CASE_SEVERITIES]; /* business minutes */
	int64_t abandon_ms;            /* from the opening: nobody will end it any more */
	int64_t silence_ms;            /* without a word from or to the customer */
	int64_t close_ms;              /* from the resolution: nobody objected */
	int64_t reopen_ms;             /* from the closing: the same trouble is the same case */
	char team[VOC_CASE_TEAM_SIZE]; /* where no route fits */
	struct voc_case_route routes[VOC_CASE_ROUTES_MAX];
	struct voc_case_step steps[VOC_CASE_STEPS_MAX];
	int route_count, step_count;
};

#endif
