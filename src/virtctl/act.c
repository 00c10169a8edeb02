/* act: see act.h. Each command is a row of a table: what it asks for, what it says; two of them look at something first. */
#include "virtctl/act.h"

#include <stdlib.h>
#include <string.h>

#define BODY_BYTES_MAX ((size_t)4 << 20)
#define REQUEST_MS 60000
#define GROUP "/apis/subresources.kubevirt.io"

struct act {
	struct loop *loop;
	const struct options *options;
	const struct route *route;
	const char *ns;
	act_done_fn *fn;
	void *user;
	struct http *http;
	struct str body;
	json_t *reply;
	int status;
	struct err err;                /* of the request under way */
	void (*next)(struct act *act); /* when it has been answered */
	struct str printed;
	bool is_halted; /* pause vm: it is not set to run */
};

/* ---- one request ---- */

/* What the server said into a sentence, as virtctl passes it on. */
static void read_failure(struct act *act, const struct http_reply *reply)
{
	struct str words = {0};
	const char *message = json_walk_str(act->reply, "message", NULL);
	size_t line = strcspn(str_text(&act->body), "\r\n");
	if (message[0])
		str_append_safe(&words, message, strnlen(message, ERR_TEXT_MAX / 2));
	else if (line > 0 && !act->reply)
		str_append_safe(&words, act->body.data, line < ERR_TEXT_MAX / 2 ? line : ERR_TEXT_MAX / 2);
	else
		str_append(&words, "the server could not handle the request");
	enum err_code code = reply->status == 404   ? ERR_NOT_FOUND
	                     : reply->status == 409 ? ERR_CONFLICT
	                                            : ERR_UNAVAILABLE;
	if (message[0])
		err_set(&act->err, code, "%s", words.data);
	else
		err_set(&act->err, code, "%s (HTTP status %d)", words.data, reply->status);
	str_finish(&words);
}

static bool on_body(struct http *http, const char *data, size_t size, void *user)
{
	struct act *act = user;
	(void)http;
	if (act->body.len + size > BODY_BYTES_MAX)
		return false;
	str_append_n(&act->body, data, size);
	return true;
}

static void on_done(struct http *http, const struct http_reply *reply, void *user)
{
	struct act *act = user;
	(void)http;
	act->err = (struct err){0};
	act->status = reply->status;
	json_decref(act->reply);
	act->reply = act->body.len ? json_parse(act->body.data, act->body.len, "reply", NULL) : NULL;
	if (reply->failure)
		err_set(&act->err, ERR_UNAVAILABLE, "%s", reply->failure);
	else if (reply->status >= 300)
		read_failure(act, reply);
	http_destroy(act->http);
	act->http = NULL;
	act->next(act);
}

static void request(struct act *act, const char *method, char *path, const json_t *body, void (*next)(struct act *act))
{
	static const char *const headers[] = {"Accept: application/json", "Content-Type: application/json", NULL};
	char *url = mem_printf("http://%s%s%s", act->route->authority, act->route->prefix, path);
	struct str text = {0};
	if (body)
		str_append_json(&text, body, JSON_COMPACT);
	struct http_request spec = {.socket = act->route->socket,
	                            .url = url,
	                            .method = method,
	                            .headers = headers,
	                            .body = text.data,
	                            .body_size = text.len,
	                            .total_ms = REQUEST_MS};
	str_clear(&act->body);
	act->next = next;
	act->http = http_create(act->loop, &spec, on_body, on_done, act);
	str_finish(&text);
	free(url);
	free(path);
}

static void done(struct act *act)
{
	act->fn(str_text(&act->printed), act->err.code ? &act->err : NULL, act->user);
}

/* ---- subresources ---- */

static const struct deed {
	const char *plural, *says;        /* %s: the name */
	const char *fails, *fails_forced; /* put before what the server says */
	const char *grace;                /* the field of the grace period */
} deeds[] = {
        [COMMAND_START] = {"virtualmachines", "VM", "Error starting VirtualMachine ", NULL, NULL},
        [COMMAND_STOP] = {"virtualmachines", "VM", "error stopping VirtualMachine ",
                          "error force stopping VirtualMachine: ", "gracePeriod"},
        [COMMAND_RESTART] = {"virtualmachines", "VM", "error restarting VirtualMachine: ",
                             "error force restarting VirtualMachine: ", "gracePeriodSeconds"},
        [COMMAND_PAUSE] = {"virtualmachineinstances", "VMI", "Error pausing VirtualMachineInstance ", NULL, NULL},
        [COMMAND_UNPAUSE] = {"virtualmachineinstances", "VMI", "Error unpausing VirtualMachineInstance ", NULL, NULL},
};

static bool is_of_instance(const struct options *options)
{
	return options->command == COMMAND_PAUSE || options->command == COMMAND_UNPAUSE;
}

static void on_deed(struct act *act)
{
	const struct options *options = act->options;
	const struct deed *deed = &deeds[options->command];
	struct err err = act->err;
	if (!err.code) {
		str_append_f(&act->printed, "%s %s was scheduled to %s\n", deed->says, options->name,
		             options_command_name(options->command));
	} else if (options->command == COMMAND_PAUSE && strcmp(options->kind, "vm") == 0 && act->status == 404) {
		err_set(&act->err, err.code,
		        act->is_halted ? "%s%s. VirtualMachine %s is not set to run" : "%s%s, it was not found",
		        deed->fails, options->name, options->name);
	} else if (is_of_instance(options)) {
		err_set(&act->err, err.code, "%s%s: %s", deed->fails, options->name, err.text);
	} else {
		err_set(&act->err, err.code, "%s%s", options->force ? deed->fails_forced : deed->fails, err.text);
	}
	done(act);
}

static void do_deed(struct act *act)
{
	const struct options *options = act->options;
	const struct deed *deed = &deeds[options->command];
	json_t *body = json_object();
	if (options->paused)
		json_object_set_new(body, "paused", json_true());
	if (options->force)
		json_object_set_new(body, deed->grace, json_integer(options->grace));
	if (options->dry_run)
		json_object_set_new(body, "dryRun", json_pack("[s]", "All"));
	request(act, "PUT",
	        mem_printf(GROUP "/v1/namespaces/%s/%s/%s/%s", act->ns, deed->plural, options->name,
	                   options_command_name(options->command)),
	        body, on_deed);
	json_decref(body);
}

static void on_machine(struct act *act)
{
	if (act->err.code) {
		err_context(&act->err, "Error getting VirtualMachine %s", act->options->name);
		done(act);
		return;
	}
	const json_t *spec = json_walk(act->reply, "spec", NULL);
	const json_t *running = json_walk(spec, "running", NULL);
	act->is_halted =
	        running ? !json_is_true(running) : text_equal(json_walk_str(spec, "runStrategy", NULL), "Halted");
	do_deed(act);
}

/* ---- version ---- */

static void append_version(struct str *out, const char *whose, const json_t *info)
{
	static const struct {
		const char *key, *field;
	} rows[] = {{"gitVersion", "GitVersion"}, {"gitCommit", "GitCommit"}, {"gitTreeState", "GitTreeState"},
	            {"buildDate", "BuildDate"},   {"goVersion", "GoVersion"}, {"compiler", "Compiler"},
	            {"platform", "Platform"}};
	str_append_f(out, "%s Version: version.Info{", whose);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *value = json_walk_str(info, rows[i].key, NULL);
		str_append_f(out, "%s%s:\"", i ? ", " : "", rows[i].field);
		str_append_safe(out, value, strnlen(value, 200));
		str_append_c(out, '"');
	}
	str_append(out, "}\n");
}

void act_client_version(struct str *out)
{
	json_t *info = json_pack("{s:s, s:s, s:s, s:s}", "gitVersion", ONESDN_VERSION "-onesdn", "gitTreeState",
	                         "clean", "compiler", "cc", "platform", "linux");
	append_version(out, "Client", info);
	json_decref(info);
}

static void on_version(struct act *act)
{
	if (!act->err.code)
		append_version(&act->printed, "Server", act->reply);
	done(act);
}

static void on_group(struct act *act)
{
	const char *preferred = json_walk_str(act->reply, "preferredVersion", "version", NULL);
	if (act->err.code) {
		done(act);
		return;
	}
	bool is_plain = preferred[0] && preferred[strspn(preferred, "abcdefghijklmnopqrstuvwxyz0123456789")] == 0;
	request(act, "GET", mem_printf(GROUP "/%s/version", is_plain ? preferred : "v1"), NULL, on_version);
}

/* ---- life ---- */

struct act *act_create(struct loop *loop, const struct options *options, const struct route *route, const char *ns,
                       act_done_fn *fn, void *user)
{
	struct act *act = mem_alloc(sizeof *act);
	*act = (struct act){.loop = loop, .options = options, .route = route, .ns = ns, .fn = fn, .user = user};
	if (options->command == COMMAND_VERSION)
		request(act, "GET", mem_strdup(GROUP), NULL, on_group);
	else if (is_of_instance(options) && strcmp(options->kind, "vm") == 0)
		request(act, "GET",
		        mem_printf("/apis/kubevirt.io/v1/namespaces/%s/virtualmachines/%s", ns, options->name), NULL,
		        on_machine);
	else
		do_deed(act);
	return act;
}

void act_destroy(struct act *act)
{
	if (!act)
		return;
	http_destroy(act->http);
	json_decref(act->reply);
	str_finish(&act->body);
	str_finish(&act->printed);
	free(act);
}
