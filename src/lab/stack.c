/* Starting order, by what each part needs: database files -> ovsdb-servers -> (ovs-vswitchd, northd) -> ovn-controller ->
 * the node's chassis has caught up. Every arrow is an event, none a pause. Neighbours: ovs.c and ovn.c talk to the
 * databases, daemon.c keeps the programs running, netns.c makes the links.
 */
#include "lab/stack.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/daemon.h"
#include "lab/netns.h"
#include "lab/underlay.h"

#define TOOL_DEADLINE_MS 20000
#define INTRODUCE_MS 300000
#define VSWITCH_SCHEMA "/usr/share/openvswitch/vswitch.ovsschema"
#define OVN_SCHEMA "/usr/share/ovn/ovn-%s.ovsschema"

static const struct stack_node_config configs[STACK_NODES] = {
        {"ovn-control-plane", "10.89.1.2", "10.244.0.0/24", "10.244.0.1/24", "10.244.0.2", true},
        {"ovn-worker", "10.89.1.3", "10.244.1.0/24", "10.244.1.1/24", "10.244.1.2", false},
        {"ovn-worker2", "10.89.1.4", "10.244.2.0/24", "10.244.2.1/24", "10.244.2.2", false},
};

/* One Open vSwitch instance with its daemons; the physical network's has no node and no controller. */
struct instance {
	struct stack *stack;
	struct stack_node *node; /* NULL: the physical network */
	char dir[64], mac[18];
	struct ovs *ovs;
	struct daemon *ovsdb, *vswitchd, *controller;
	struct ovs_bridge bridges[3];
	char *port_id;
	const char *ids[24];
	bool is_configured, is_chassis_up;
};

struct stack {
	struct loop *loop;
	struct stack_events events;
	struct ovn *ovn;
	struct daemon *nb, *sb, *northd;
	struct loop_command *tools[3];
	struct loop_timer *introductions;
	struct stack_node nodes[STACK_NODES];
	struct instance instances[STACK_NODES + 1]; /* the last is the physical network */
	bool is_ovn_ready, is_up;
};

static void check_node(struct instance *in);

/* ---- daemons ---- */

static void central_changed(bool is_running, const char *words, void *user)
{
	struct stack *stack = user;
	if (!is_running)
		stack->events.on_trouble(words, stack->events.user);
}

static void instance_changed(bool is_running, const char *words, void *user)
{
	struct instance *in = user;
	if (!is_running) {
		in->stack->events.on_trouble(words, in->stack->events.user);
		if (!daemon_is_running(in->vswitchd))
			in->is_configured = false;
	}
	check_node(in);
}

/* A new ovs-vswitchd makes its taps anew, so addresses must be set again once it is done. */
static void vswitchd_changed(bool is_running, const char *words, void *user)
{
	struct instance *in = user;
	instance_changed(is_running, words, user);
	if (is_running)
		ovs_ask(in->ovs);
}

struct program {
	const char *name, *log, *dir;
	const char *args[12];
	int netns;
	void (*on_change)(bool is_running, const char *words, void *user);
	void *user;
};

static struct daemon *run(struct stack *stack, const struct program *program)
{
	char *ovs_dir = mem_printf("OVS_RUNDIR=%s", program->dir), *ovn_dir = mem_printf("OVN_RUNDIR=%s", program->dir);
	char *name = mem_printf("%s in %s", program->args[0], program->dir);
	const char *const env[] = {ovs_dir, ovn_dir, "OVS_LOGDIR=" DAEMON_LOG_DIR, "OVN_LOGDIR=" DAEMON_LOG_DIR, NULL};
	const struct daemon_options options = {
	        .name = name,
	        .log = program->log,
	        .argv = program->args,
	        .env = env,
	        .netns = program->netns,
	        .on_change = program->on_change,
	        .user = program->user,
	};
	struct daemon *daemon = daemon_create(stack->loop, &options);
	free(ovs_dir);
	free(ovn_dir);
	free(name);
	return daemon;
}

static struct daemon *run_ovsdb(struct stack *stack, const char *dir, const char *database, const char *socket,
                                const char *log, void (*on_change)(bool, const char *, void *), void *user)
{
	char *file = mem_printf("%s/%s", dir, database), *remote = mem_printf("--remote=punix:%s/%s", dir, socket);
	char *control = mem_printf("--unixctl=%s/%s.ctl", dir, database),
	     *pid = mem_printf("--pidfile=%s/%s.pid", dir, database);
	struct daemon *daemon = run(stack, &(struct program){.log = log,
	                                                     .dir = dir,
	                                                     .netns = -1,
	                                                     .on_change = on_change,
	                                                     .user = user,
	                                                     .args = {"ovsdb-server", file, remote, control, pid,
	                                                              "-vsyslog:off", "-vconsole:warn", NULL}});
	free(file);
	free(remote);
	free(control);
	free(pid);
	return daemon;
}

static char *log_name(const struct instance *in, const char *program)
{
	return mem_printf("%s-%s.log", in->node != NULL ? in->node->config->name : "podman1", program);
}

static void start_vswitchd(struct instance *in)
{
	char *log = log_name(in, "ovs-vswitchd"), *db = mem_printf("unix:%s/db.sock", in->dir);
	char *pid = mem_printf("--pidfile=%s/ovs-vswitchd.pid", in->dir);
	/* --disable-system keeps it away from the kernel's datapath, which an ordinary user may not use. */
	in->vswitchd = run(in->stack, &(struct program){.log = log,
	                                                .dir = in->dir,
	                                                .netns = in->node != NULL ? in->node->netns : -1,
	                                                .on_change = vswitchd_changed,
	                                                .user = in,
	                                                .args = {"ovs-vswitchd", db, "--disable-system", pid,
	                                                         "-vsyslog:off", "-vconsole:warn", NULL}});
	free(log);
	free(db);
	free(pid);
}

/* ovn-controller has no option for its control socket: that follows OVN_RUNDIR. */
static void start_controller(struct instance *in)
{
	if (in->node == NULL || in->controller != NULL || !in->is_configured || !in->stack->is_ovn_ready)
		return;
	char *log = log_name(in, "ovn-controller"), *db = mem_printf("unix:%s/db.sock", in->dir);
	char *pid = mem_printf("--pidfile=%s/ovn-controller.pid", in->dir);
	in->controller =
	        run(in->stack,
	            &(struct program){.log = log,
	                              .dir = in->dir,
	                              .netns = in->node->netns,
	                              .on_change = instance_changed,
	                              .user = in,
	                              .args = {"ovn-controller", db, pid, "-vsyslog:off", "-vconsole:warn", NULL}});
	free(log);
	free(db);
	free(pid);
}

/* ---- one instance ---- */

/* Each time that a node has become ready, for its switch has tunnels only then, and again before they forget. */
static void introduce_nodes(void *user)
{
	struct stack *stack = user;
	for (size_t i = 0; i < STACK_NODES; i++)
		if (stack->nodes[i].is_ready)
			underlay_introduce(stack->nodes[i].netns, configs, STACK_NODES);
}

static void say_node(struct instance *in, bool is_ready, const char *reason)
{
	struct stack_node *node = in->node;
	if (node->is_ready == is_ready && strcmp(node->reason, reason) == 0)
		return;
	node->is_ready = is_ready;
	snprintf(node->reason, sizeof node->reason, "%s", reason);
	if (is_ready)
		introduce_nodes(in->stack);
	in->stack->events.on_node(node, in->stack->events.user);
}

static bool all_ready(const struct stack *stack)
{
	for (size_t i = 0; i < STACK_NODES; i++)
		if (!stack->nodes[i].is_ready)
			return false;
	return stack->instances[STACK_NODES].is_configured;
}

static void check_node(struct instance *in)
{
	static const char *const words[] = {"ovsdb-server is not running", "ovs-vswitchd is not running",
	                                    "ovs-vswitchd has not set up its bridges yet",
	                                    "ovn-controller is not running",
	                                    "ovn-controller has not caught up with OVN yet"};
	struct stack *stack = in->stack;
	if (in->node != NULL) {
		const bool good[] = {daemon_is_running(in->ovsdb), daemon_is_running(in->vswitchd), in->is_configured,
		                     daemon_is_running(in->controller), in->is_chassis_up};
		size_t i = 0;
		while (i < sizeof good / sizeof good[0] && good[i])
			i++;
		say_node(in, i == sizeof good / sizeof good[0], i == sizeof good / sizeof good[0] ? "" : words[i]);
	}
	if (!stack->is_up && all_ready(stack)) {
		stack->is_up = true;
		stack->events.on_up(stack->events.user);
	}
}

static void on_configured(void *user)
{
	struct instance *in = user;
	struct err err = {0};
	bool is_done = in->node != NULL ? underlay_address_node(in->node->netns, in->node->config, &err)
	                                : underlay_address_bridge(&err);
	if (!is_done)
		in->stack->events.on_trouble(err.text, in->stack->events.user);
	in->is_configured = is_done;
	start_controller(in);
	check_node(in);
}

static void on_connected(void *user)
{
	struct instance *in = user;
	if (in->vswitchd == NULL)
		start_vswitchd(in);
}

static void on_port(const char *interface, void *user)
{
	struct instance *in = user;
	if (in->node != NULL)
		in->stack->events.on_port(in->node, interface, in->stack->events.user);
	else /* whatever somebody plugs into the physical bridge, a VLAN's interface first of all: TCP must work on it */
		link_no_offload(interface, NULL);
}

static void on_switch(void *user)
{
	struct instance *in = user;
	if (in->node != NULL && in->stack->events.on_switch != NULL)
		in->stack->events.on_switch(in->node, in->stack->events.user);
}

static void on_ovs_failure(const char *words, void *user)
{
	struct instance *in = user;
	char text[512];
	snprintf(text, sizeof text, "the switch database in %s: %s", in->dir, words);
	in->stack->events.on_trouble(text, in->stack->events.user);
}

static bool copy_file(const char *from, const char *to, struct err *err)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool is_done = in >= 0 && out >= 0;
	ssize_t n = 1;
	while (is_done && n > 0) {
		n = sendfile(out, in, NULL, 1 << 20);
		is_done = n >= 0;
	}
	if (!is_done)
		err_errno(err, errno, "copying %s to %s", from, to);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return is_done;
}

static void start_instance(struct instance *in)
{
	struct err err = {0};
	char *database = mem_printf("%s/conf.db", in->dir), *socket = mem_printf("%s/db.sock", in->dir),
	     *log = log_name(in, "ovsdb-server");
	if (copy_file("/run/vswitch.db", database, &err))
		in->ovsdb = run_ovsdb(in->stack, in->dir, "conf.db", "db.sock", log, instance_changed, in);
	else
		in->stack->events.on_trouble(err.text, in->stack->events.user);
	in->ovs = ovs_create(in->stack->loop, socket, in->bridges, in->ids[0] != NULL ? in->ids : NULL,
	                     &(struct ovs_events){on_connected, on_configured, on_port, on_ovs_failure, in, on_switch});
	if (in->node != NULL)
		in->node->ovs = in->ovs;
	free(database);
	free(socket);
	free(log);
}

/* ---- OVN central ---- */

static void want_default_network(struct stack *stack)
{
	struct plan_rows rows = {0};
	ovn_rows_cluster(&rows);
	for (size_t i = 0; i < STACK_NODES; i++) {
		const struct stack_node_config *config = &configs[i];
		ovn_rows_node(&rows,
		              &(struct ovn_node){config->name, config->subnet, config->gateway, config->management});
	}
	ovn_want(stack->ovn, "cluster", &rows);
}

static void on_ovn_ready(void *user)
{
	struct stack *stack = user;
	stack->is_ovn_ready = true;
	if (stack->northd == NULL)
		stack->northd =
		        run(stack, &(struct program){.log = "ovn-northd.log",
		                                     .dir = "/run/central",
		                                     .netns = -1,
		                                     .on_change = central_changed,
		                                     .user = stack,
		                                     .args = {"ovn-northd", "--ovnnb-db=unix:/run/central/nb.sock",
		                                              "--ovnsb-db=unix:/run/central/sb.sock",
		                                              "--pidfile=/run/central/ovn-northd.pid", "-vsyslog:off",
		                                              "-vconsole:warn", NULL}});
	for (size_t i = 0; i < STACK_NODES; i++)
		start_controller(&stack->instances[i]);
}

static void on_chassis(const char *name, bool is_up, void *user)
{
	struct stack *stack = user;
	for (size_t i = 0; i < STACK_NODES; i++) {
		if (strcmp(configs[i].name, name) == 0) {
			stack->instances[i].is_chassis_up = is_up;
			check_node(&stack->instances[i]);
		}
	}
}

static void on_ovn_failure(const char *words, void *user)
{
	struct stack *stack = user;
	char text[512];
	snprintf(text, sizeof text, "OVN's database: %s", words);
	stack->events.on_trouble(text, stack->events.user);
}

static void start_central(struct stack *stack)
{
	stack->ovn = ovn_create(stack->loop, "/run/central/nb.sock", "/run/central/sb.sock",
	                        &(struct ovn_events){on_ovn_ready, on_chassis, on_ovn_failure, stack});
	want_default_network(stack);
}

/* ---- database files ---- */

static void tool_failed(struct stack *stack, const struct loop_result *result)
{
	struct str words = {0};
	str_append_f(&words, "ovsdb-tool could not make a database: %s",
	             result->failure != NULL ? result->failure : "");
	str_append_safe(&words, result->errors, strlen(result->errors));
	stack->events.on_trouble(str_text(&words), stack->events.user);
	str_finish(&words);
}

static bool is_good(struct stack *stack, const struct loop_result *result)
{
	if (result->failure == NULL && WIFEXITED(result->status) && WEXITSTATUS(result->status) == 0)
		return true;
	tool_failed(stack, result);
	return false;
}

static void vswitch_db_made(const struct loop_result *result, void *user)
{
	struct stack *stack = user;
	for (size_t i = 0; is_good(stack, result) && i <= STACK_NODES; i++)
		start_instance(&stack->instances[i]);
}

static void nb_made(const struct loop_result *result, void *user)
{
	struct stack *stack = user;
	if (is_good(stack, result))
		stack->nb = run_ovsdb(stack, "/run/central", "nb.db", "nb.sock", "nb-ovsdb-server.log", central_changed,
		                      stack);
}

static void sb_made(const struct loop_result *result, void *user)
{
	struct stack *stack = user;
	if (is_good(stack, result))
		stack->sb = run_ovsdb(stack, "/run/central", "sb.db", "sb.sock", "sb-ovsdb-server.log", central_changed,
		                      stack);
}

static struct loop_command *make_db(struct stack *stack, const char *path, const char *schema, loop_result_fn *fn)
{
	const char *const argv[] = {"ovsdb-tool", "-vsyslog:off", "create", path, schema, NULL};
	const struct loop_spawn spec = {.argv = argv, .death_signal = SIGKILL};
	return loop_command_create(stack->loop, &spec, NULL, 4096, TOOL_DEADLINE_MS, fn, stack);
}

/* ---- nodes ---- */

static const char *const node_ports[] = {"eth0", NULL};

static void configure_node(struct instance *in)
{
	const struct stack_node_config *config = in->node->config;
	const char *const ids[] = {
	        "system-id",
	        config->name,
	        "hostname",
	        config->name,
	        "ovn-remote",
	        "unix:/run/central/sb.sock",
	        "ovn-encap-type",
	        "geneve",
	        "ovn-encap-ip",
	        config->address,
	        "ovn-bridge-datapath-type",
	        "netdev",
	        "ovn-bridge-mappings",
	        "physnet:breth0",
	        "ovn-monitor-all",
	        "true",
	        "ovn-remote-probe-interval",
	        "0",
	        "ovn-openflow-probe-interval",
	        "0",
	        NULL,
	};
	struct cni_address management;
	if (!cni_address_parse(config->management, &management))
		base_abort("a node's management address is none: %s", config->management);
	cni_mac_from_address(&management, in->mac);
	memcpy(in->ids, ids, sizeof ids);
	in->port_id = mem_printf("k8s-%s", config->name);
	in->bridges[0] = (struct ovs_bridge){.name = "breth0", .ports = node_ports};
	in->bridges[1] = (struct ovs_bridge){.name = "br-int",
	                                     .is_secure = true,
	                                     .internal = "ovn-k8s-mp0",
	                                     .internal_mac = in->mac,
	                                     .internal_id = in->port_id};
	snprintf(in->dir, sizeof in->dir, "/run/%s", config->name);
	say_node(in, false, "its databases are being made");
}

static bool make_places(struct stack *stack, struct err *err)
{
	if (!file_make_dirs("/run/central", 0700, err) || !file_make_dirs(DAEMON_LOG_DIR, 0700, err) ||
	    !file_make_dirs(NETNS_DIR, 0755, err))
		return false;
	for (size_t i = 0; i <= STACK_NODES; i++) {
		struct instance *in = &stack->instances[i];
		in->stack = stack;
		if (i < STACK_NODES) {
			in->node = &stack->nodes[i];
			in->node->config = &configs[i];
			in->node->netns = underlay_make_node(&configs[i], underlay_ports[i], err);
			if (in->node->netns < 0)
				return false;
			configure_node(in);
		} else {
			in->bridges[0] = (struct ovs_bridge){.name = UNDERLAY_BRIDGE, .ports = underlay_ports};
			snprintf(in->dir, sizeof in->dir, "/run/phys");
		}
		if (!file_make_dirs(in->dir, 0700, err))
			return false;
	}
	return true;
}

struct stack *stack_create(struct loop *loop, const struct stack_events *events, struct err *err)
{
	struct stack *stack = mem_alloc(sizeof *stack);
	char nb[64], sb[64];
	stack->loop = loop;
	stack->events = *events;
	if (!make_places(stack, err)) {
		stack_destroy(stack);
		return NULL;
	}
	snprintf(nb, sizeof nb, OVN_SCHEMA, "nb");
	snprintf(sb, sizeof sb, OVN_SCHEMA, "sb");
	stack->tools[0] = make_db(stack, "/run/vswitch.db", VSWITCH_SCHEMA, vswitch_db_made);
	stack->tools[1] = make_db(stack, "/run/central/nb.db", nb, nb_made);
	stack->tools[2] = make_db(stack, "/run/central/sb.db", sb, sb_made);
	stack->introductions = loop_timer_create(loop, introduce_nodes, stack);
	loop_timer_start(stack->introductions, INTRODUCE_MS, INTRODUCE_MS);
	start_central(stack);
	return stack;
}

void stack_destroy(struct stack *stack)
{
	if (stack == NULL)
		return;
	for (size_t i = 0; i < 3; i++)
		loop_command_destroy(stack->tools[i]);
	for (size_t i = 0; i <= STACK_NODES; i++) {
		struct instance *in = &stack->instances[i];
		daemon_destroy(in->controller);
		daemon_destroy(in->vswitchd);
		ovs_destroy(in->ovs);
		daemon_destroy(in->ovsdb);
		free(in->port_id);
	}
	loop_timer_destroy(stack->introductions);
	ovn_destroy(stack->ovn);
	daemon_destroy(stack->northd);
	daemon_destroy(stack->nb);
	daemon_destroy(stack->sb);
	free(stack);
}

struct ovn *stack_ovn(struct stack *stack)
{
	return stack->ovn;
}

struct stack_node *stack_node(struct stack *stack, size_t i)
{
	return &stack->nodes[i];
}

struct stack_node *stack_find_node(struct stack *stack, const char *name)
{
	for (size_t i = 0; i < STACK_NODES; i++)
		if (text_equal(configs[i].name, name))
			return &stack->nodes[i];
	return NULL;
}

void stack_waits_for(const struct stack *stack, struct str *out)
{
	for (size_t i = 0; i < STACK_NODES; i++)
		if (!stack->nodes[i].is_ready)
			str_append_f(out, "%s%s (%s)", out->len > 0 ? ", " : "", stack->nodes[i].config->name,
			             stack->nodes[i].reason);
	if (!stack->instances[STACK_NODES].is_configured)
		str_append_f(out, "%sthe physical network's bridge podman1", out->len > 0 ? ", " : "");
}
