/* The inside of the doctor: what its probes share. report.c keeps findings, ask.c waits for answers, needs.c reads acts (pure),
 * machine.c, programs.c, cluster.c, controllers.c and access.c are the probes. */
#ifndef DOCTOR_PRIVATE_H
#define DOCTOR_PRIVATE_H

#include "onesdn/doctor.h"

struct hidden {
	char *text, *word;
};
struct finding {
	enum doctor_state state;
	char *area, *what, *cure;
};
struct doctor {
	struct doctor_options options;
	VEC(struct finding) findings;
	VEC(struct hidden) hidden;
	int client_minor; /* of kubectl; 0: not known */
	char *context;    /* kubectl's current one; NULL: not known */
	bool has_kubectl, has_dispatcher;
};

/* ---- ask.c ---- */
struct reply {      /* of a command */
	int status; /* as waitpid; -1: it did not run to its end, see failure */
	char *out, *errors, *failure;
};
void ask_command(struct loop *loop, const char *const *argv, int64_t deadline_ms, struct reply *out);
void reply_finish(struct reply *reply);
struct question { /* to a cluster */
	char *path;
	json_t *body;   /* NULL: GET */
	int status;     /* HTTP; 0: no answer */
	json_t *answer; /* NULL unless 2xx and JSON */
	char *failure;  /* in words, NULL when answered well */
	bool is_done;
	struct kube_request *request;
};
void ask_cluster(struct loop *loop, struct kube *kube, struct question *questions,
                 size_t n); /* until all are answered */
struct question ask_one(struct loop *loop, struct kube *kube, const char *path); /* the caller finishes it */
void question_finish(struct question *question);

/* ---- needs.c: what acts use, read from their manifests and commands ---- */
struct need_kind {
	char *group, *version, *kind;
	struct scenario_texts acts;
	char *plural; /* once the cluster has said it; NULL: it does not serve it */
	bool namespaced;
};
struct need_right {
	enum scenario_persona persona;
	const char *verb, *group, *resource, *sub,
	        *ns; /* owned by needs; resource NULL: of `kind`; sub, ns may be "" */
	size_t kind; /* index into kinds; SIZE_MAX */
	size_t act;
};
struct need_image {
	char *name;
	struct scenario_texts acts;
};
struct needs {
	VEC(struct need_kind) kinds;
	VEC(struct need_right) rights;
	VEC(struct need_image) images;
	bool database; /* the lab's turtle-db */
};
void needs_collect(const struct scenario_act *const *acts, size_t n_acts, struct needs *out);
void needs_finish(struct needs *needs);
bool needs_group(const struct needs *needs, const char *group);
const struct need_kind *needs_kind(const struct needs *needs, const char *kind);
char *texts_join(const struct scenario_texts *texts, const char *between); /* the caller frees */

/* ---- what answers come to, as findings (pure): each in the file of its probe. What was answered is hostile. ---- */
void tell_kubectl(struct doctor *doctor, const char *path, const struct reply *reply); /* `kubectl version --client -o json` */
bool tell_machine(struct doctor *doctor, const struct needs *needs, const char *program,
                  const struct reply *reply);                      /* `onesdn-lab preflight --json`; false: no lab runs here */
void take_config(struct doctor *doctor, const struct reply *reply); /* `kubectl config view -o json`: what is not printed */
/* A question's answers; one without is told with its failure. */
bool tell_version(struct doctor *doctor, const struct question *version, const char *context); /* false: there is no cluster */
void tell_nodes(struct doctor *doctor, const struct question *nodes);
void tell_kinds(struct doctor *doctor, struct needs *needs, const struct question *groups); /* one a kind: the group's resources */
void tell_images(struct doctor *doctor, const struct question *nodes, const struct needs *needs);
enum { WORKLOAD_DAEMONSETS, WORKLOAD_DEPLOYMENTS, WORKLOAD_KUBEVIRTS, N_WORKLOADS };
void tell_controllers(struct doctor *doctor, const struct needs *needs, const struct question lists[N_WORKLOADS]);

/* ---- probes of a cluster ---- */
void look_for_kinds(struct doctor *doctor, struct kube *kube, struct needs *needs);
void look_for_controllers(struct doctor *doctor, struct kube *kube, const struct needs *needs);
void look_for_rights(struct doctor *doctor, struct kube *kube, const struct needs *needs,
                     enum scenario_persona persona);

#endif
