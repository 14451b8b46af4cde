#include "io/redis_step.h"

#include "io/redis_keys.h"

#define TEXT_OF(number) #number
#define TEXT(macro)     TEXT_OF(macro)
#define NAMES_MAX       TEXT(VOC_DAY_NAMES_MAX)

/*
 * KEYS: position, customers, at_risk and due where they change, rollups. A key that is named without need would hold
 * the step up while a cluster's slot moves: where it is absent, it may be on either side. ARGV in the order of
 * voc_redis_step_end. A script that fails half way is not undone, so the position is written over with itself first:
 * whatever refuses writes (no memory, a replica, no disk) refuses there. Lua's stack holds 8000 values: long lists go
 * in pieces, of even length for pairs.
 */
const char voc_redis_step_script[] =
        "local stands = redis.call('HMGET', KEYS[1], 'offset', 'rules', 'rebuilt_at')\n"
        "if (stands[1] or '0') ~= ARGV[1] or (stands[2] or '') ~= ARGV[2] or (stands[3] or '0') ~= ARGV[3] then\n"
        "  return 0\n"
        "end\n"
        "local probe = redis.pcall('HSET', KEYS[1], 'offset', ARGV[1])\n"
        "if type(probe) == 'table' and probe.err then return probe end\n"
        "local at = 4\n"
        "local function take()\n"
        "  at = at + 1\n"
        "  return ARGV[at - 1]\n"
        "end\n"
        "local function apply(command, key, count)\n"
        "  local last = at + count - 1\n"
        "  while at <= last do\n"
        "    local stop = math.min(at + 3999, last)\n"
        "    redis.call(command, key, unpack(ARGV, at, stop))\n"
        "    at = stop + 1\n"
        "  end\n"
        "end\n"
        "local function change_hash(key)\n"
        "  local sets, deletes = tonumber(take()), tonumber(take())\n"
        "  if deletes < 0 then\n"
        "    redis.call('DEL', key)\n"
        "    deletes = 0\n"
        "  end\n"
        "  apply('HSET', key, sets)\n"
        "  apply('HDEL', key, deletes)\n"
        "end\n"
        "local function known(key, field, counter)\n"
        "  if redis.call('HEXISTS', key, field) == 1 then return true end\n"
        "  if tonumber(redis.call('HGET', key, counter) or 0) >= " NAMES_MAX " then return false end\n"
        "  return redis.call('HINCRBY', key, counter, 1) > 0\n"
        "end\n"
        "local function count_name(key, others, name, n, sum)\n"
        "  if not known(key, 'n:' .. name, '" VOC_DAY_NAMES "') then name = others end\n"
        "  redis.call('HINCRBY', key, 'n:' .. name, n)\n"
        "  redis.call('HINCRBY', key, 'sum:' .. name, sum)\n"
        "end\n"
        "local function count_case_name(key, others, field, by)\n"
        "  redis.call('HINCRBY', key, known(key, field, '" VOC_DAY_CASE_NAMES "') and field or others, by)\n"
        "end\n"
        "local key = 1\n"
        "local function next_key()\n"
        "  key = key + 1\n"
        "  return KEYS[key]\n"
        "end\n"
        "for _ = 1, tonumber(take()) do change_hash(next_key()) end\n"
        "for _ = 1, 2 do\n"
        "  if take() == '1' then\n"
        "    local set = next_key()\n"
        "    apply('ZADD', set, tonumber(take()))\n"
        "    apply('ZREM', set, tonumber(take()))\n"
        "  end\n"
        "end\n"
        "for k = key + 1, #KEYS do\n"
        "  local expires = take()\n"
        "  for _ = 1, tonumber(take()) do redis.call('HINCRBY', KEYS[k], take(), take()) end\n"
        "  for _ = 1, tonumber(take()) do count_name(KEYS[k], take(), take(), take(), take()) end\n"
        "  for _ = 1, tonumber(take()) do count_case_name(KEYS[k], take(), take(), take()) end\n"
        "  redis.call('PEXPIREAT', KEYS[k], expires)\n"
        "end\n"
        "change_hash(KEYS[1])\n"
        "return 1\n";

/* The parts of a step that hold arguments, for what is done to each of them. */
static void for_each_part(struct voc_redis_step *step, void (*act)(struct voc_redis_args *args))
{
	struct voc_redis_args *parts[] = {
		&step->customer_keys, &step->customers, &step->sets,       &step->deletes,     &step->raised,
		&step->cleared,       &step->due,       &step->settled,    &step->rollup_keys, &step->rollups,
		&step->increments,    &step->names,     &step->case_names, &step->call,
	};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		act(parts[i]);
}

static void init_part(struct voc_redis_args *args)
{
	voc_redis_args_init(args, VOC_REDIS_STEP_BYTES_MAX);
}

void voc_redis_step_init(struct voc_redis_step *step)
{
	*step = (struct voc_redis_step){ .partition = -1 };
	for_each_part(step, init_part);
}

void voc_redis_step_free(struct voc_redis_step *step)
{
	for_each_part(step, voc_redis_args_free);
}

void voc_redis_step_begin(struct voc_redis_step *step, int32_t partition)
{
	step->partition = partition;
	step->out_of_memory = false;
	for_each_part(step, voc_redis_args_clear);
}

static bool tell_field(void *context, const struct voc_field *field)
{
	struct voc_redis_step *step = context;
	if (!field->value.ptr) {
		voc_redis_args_add(&step->deletes, field->name);
	} else {
		voc_redis_args_add(&step->sets, field->name);
		voc_redis_args_add(&step->sets, field->value);
	}
	return true;
}

/* What tell_field gathered, as the script's change_hash takes it: `anew`, all that is there goes first. */
static void take_hash(struct voc_redis_step *step, bool anew, struct voc_redis_args *to)
{
	voc_redis_args_add_i64(to, (int64_t)step->sets.count);
	voc_redis_args_add_i64(to, anew ? -1 : (int64_t)step->deletes.count);
	voc_redis_args_append(to, &step->sets);
	voc_redis_args_append(to, &step->deletes);
	voc_redis_args_clear(&step->sets);
	voc_redis_args_clear(&step->deletes);
}

static bool tell_due(void *context, const struct voc_due *due, int64_t before_ms)
{
	struct voc_redis_step *step = context;
	char bytes[VOC_DUE_MEMBER_MAX];
	struct voc_buf member = { .ptr = bytes, .cap = sizeof bytes, .max = sizeof bytes };
	(void)before_ms;
	voc_due_member(&member, due);
	if (due->due_ms != 0)
		voc_redis_args_add_i64(&step->due, due->due_ms);
	voc_redis_args_add(due->due_ms != 0 ? &step->due : &step->settled, voc_buf_str(&member));
	return !member.failed;
}

void voc_redis_step_customer(struct voc_redis_step *step, struct voc_str id, const struct voc_customer *before,
                             const struct voc_customer *now)
{
	struct voc_redis_key key;
	bool anew = now->forgotten && before;
	step->out_of_memory |= !voc_customer_diff(before, now, tell_field, step);
	if (anew || step->sets.count + step->deletes.count > 0) {
		voc_redis_args_add(&step->customer_keys, voc_redis_key_customer(&key, step->partition, id));
		take_hash(step, anew, &step->customers);
	}
	step->out_of_memory |= !voc_customer_due_diff(id, before, now, tell_due, step);
	int score;
	switch (voc_customer_at_risk(before, now, &score)) {
	case VOC_AT_RISK_SET:
		voc_redis_args_add_i64(&step->raised, score);
		voc_redis_args_add(&step->raised, id);
		break;
	case VOC_AT_RISK_REMOVE: voc_redis_args_add(&step->cleared, id); break;
	case VOC_AT_RISK_KEEP: break;
	}
}

struct telling {
	struct voc_redis_step *step;
	int64_t wall_ms, retention_ms;
	int64_t period; /* that the increments belong to */
};

static void take_period(struct telling *telling)
{
	struct voc_redis_step *step = telling->step;
	int64_t expires_ms = voc_period_expires_ms(telling->period, telling->retention_ms);
	if (step->increments.count > 0 && expires_ms > telling->wall_ms) {
		struct voc_redis_key key;
		voc_redis_args_add(&step->rollup_keys, voc_redis_key_rollup(&key, step->partition, telling->period));
		voc_redis_args_add_i64(&step->rollups, expires_ms);
		voc_redis_args_add_i64(&step->rollups, (int64_t)step->increments.count / 2);
		voc_redis_args_append(&step->rollups, &step->increments);
		voc_redis_args_add_i64(&step->rollups, (int64_t)step->names.count / 4);
		voc_redis_args_append(&step->rollups, &step->names);
		voc_redis_args_add_i64(&step->rollups, (int64_t)step->case_names.count / 3);
		voc_redis_args_append(&step->rollups, &step->case_names);
	}
	voc_redis_args_clear(&step->increments);
	voc_redis_args_clear(&step->names);
	voc_redis_args_clear(&step->case_names);
}

static bool tell_increment(void *context, int64_t period, struct voc_str field, int64_t by)
{
	struct telling *telling = context;
	if (period != telling->period) {
		take_period(telling);
		telling->period = period;
	}
	voc_redis_args_add(&telling->step->increments, field);
	voc_redis_args_add_i64(&telling->step->increments, by);
	return true;
}

static bool tell_day_field(void *context, int64_t day, struct voc_str field, int64_t by)
{
	return tell_increment(context, VOC_PERIOD_OF_DAY(day), field, by);
}

/* A day's names come behind its fields. */
static bool tell_day_name(void *context, int64_t day, struct voc_str others, struct voc_str name, int64_t n,
                          int64_t sum)
{
	struct voc_redis_args *names = &((struct telling *)context)->step->names;
	(void)day;
	voc_redis_args_add(names, others);
	voc_redis_args_add(names, name);
	voc_redis_args_add_i64(names, n);
	voc_redis_args_add_i64(names, sum);
	return true;
}

static bool tell_day_case_name(void *context, int64_t day, struct voc_str others, struct voc_str field, int64_t by)
{
	struct voc_redis_args *names = &((struct telling *)context)->step->case_names;
	(void)day;
	voc_redis_args_add(names, others);
	voc_redis_args_add(names, field);
	voc_redis_args_add_i64(names, by);
	return true;
}

void voc_redis_step_rollup(struct voc_redis_step *step, const struct voc_rollup *rollup, int64_t wall_ms,
                           int64_t retention_ms)
{
	static const struct voc_day_teller days = { tell_day_field, tell_day_name, tell_day_case_name };
	struct telling telling = { step, wall_ms, retention_ms, 0 };
	voc_rollup_each(rollup, tell_increment, &telling);
	voc_day_rollup_each(voc_rollup_days(rollup), &days, &telling);
	take_period(&telling);
}

static void add_counted(struct voc_redis_args *to, const struct voc_redis_args *part)
{
	voc_redis_args_add_i64(to, (int64_t)part->count);
	voc_redis_args_append(to, part);
}

/* What changes in a sorted set; nothing but a 0 where nothing does: its key is not among KEYS then. */
static void add_set(struct voc_redis_args *to, const struct voc_redis_args *added, const struct voc_redis_args *removed)
{
	bool changes = added->count > 0 || removed->count > 0;
	voc_redis_args_add_i64(to, changes);
	if (!changes)
		return;
	add_counted(to, added);
	add_counted(to, removed);
}

/* The keys of a step, behind their number. */
static void add_keys(struct voc_redis_step *step)
{
	struct voc_redis_key key;
	struct voc_redis_args *call = &step->call;
	bool at_risk = step->raised.count > 0 || step->cleared.count > 0;
	bool due = step->due.count > 0 || step->settled.count > 0;
	voc_redis_args_add_i64(call,
	                       (int64_t)(1 + step->customer_keys.count + at_risk + due + step->rollup_keys.count));
	voc_redis_args_add(call, voc_redis_key_position(&key, step->partition));
	voc_redis_args_append(call, &step->customer_keys);
	if (at_risk)
		voc_redis_args_add(call, voc_redis_key_at_risk(&key, step->partition));
	if (due)
		voc_redis_args_add(call, voc_redis_key_due(&key, step->partition));
	voc_redis_args_append(call, &step->rollup_keys);
}

enum voc_status voc_redis_step_end(struct voc_redis_step *step, const struct voc_partition_state *state,
                                   struct voc_str script_sha, struct voc_buf *buf, struct voc_error *error)
{
	struct voc_redis_args *call = &step->call;
	voc_redis_args_add(call, VOC_STR("EVALSHA"));
	voc_redis_args_add(call, script_sha);
	add_keys(step);
	voc_redis_args_add_i64(call, state->stored.offset);
	voc_redis_args_add(call, voc_str_from(voc_rule_set_version(state->stored_rules)));
	voc_redis_args_add_i64(call, state->stored.rebuilt_at);
	voc_redis_args_add_i64(call, (int64_t)step->customer_keys.count);
	voc_redis_args_append(call, &step->customers);
	add_set(call, &step->raised, &step->cleared);
	add_set(call, &step->due, &step->settled);
	voc_redis_args_append(call, &step->rollups);
	step->out_of_memory |= !voc_partition_state_diff(state, tell_field, step);
	take_hash(step, false, call);
	voc_redis_args_command(buf, call);
	if (step->out_of_memory || buf->out_of_memory)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a batch's step");
	if (call->count > VOC_REDIS_STEP_ARGS_MAX || buf->failed)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_TOO_LARGE, -1,
		                     "a batch's step is larger than one Redis command may be: lower VOC_BATCH_RECORDS");
	return VOC_OK;
}
