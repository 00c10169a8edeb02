/* ovs: one Open vSwitch instance by its database: set up once, then the pods' ports on one bridge. Level-triggered, one
 * transaction a change. stack.c runs the daemons; ovn-controller adds its own ports beside ours.
 */
#ifndef LAB_OVS_H
#define LAB_OVS_H

#include "onesdn/base.h"
#include "onesdn/loop.h"

struct ovs_bridge {
	const char *name;         /* NULL ends the list */
	const char *const *ports; /* existing interfaces to put into it; NULL-terminated; may be NULL */
	bool is_secure;           /* forwards nothing but what a controller says */
	const char *internal, *internal_mac, *internal_id; /* an internal port, its MAC and OVN port; or NULL */
};
struct ovs_events {
	void (*on_connected)(void *user); /* the database answers and is set up: ovs-vswitchd may start */
	void (*on_configured)(
	        void *user); /* ovs-vswitchd has done all that the database said when it was asked (ovs_ask) */
	void (*on_port)(const char *interface, void *user); /* ovs_port_* may say something else now */
	void (*on_failure)(const char *words, void *user);
	void *user;
	void (*on_switch)(void *user); /* the instance's own row or its bridges have changed; may be NULL */
};
struct ovs;
/* Both lists must outlive the instance; external_ids: NULL-terminated key, value, ... */
struct ovs *ovs_create(struct loop *loop, const char *socket, const struct ovs_bridge *bridges,
                       const char *const *external_ids, const struct ovs_events *events);
void ovs_destroy(struct ovs *ovs);
void ovs_ask(struct ovs *ovs); /* on_configured follows, once, when ovs-vswitchd has caught up */
void ovs_set_external_id(struct ovs *ovs, const char *key,
                         const char *value); /* of the instance; value NULL: removes it */
bool ovs_is_set_up(const struct ovs *ovs);   /* the instance's row is there, so what follows is true; false for NULL */
const char *ovs_external_id(const struct ovs *ovs, const char *key); /* as it is in the database, or NULL */
const json_t *ovs_replica(const struct ovs *ovs); /* Open_vSwitch, Bridge, Port, Interface, in OVSDB's notation */

/* A port on the bridge `bridge`; external_ids is an OVSDB map and taken. */
void ovs_want_port(struct ovs *ovs, const char *bridge, const char *interface, json_t *external_ids);
void ovs_unwant_port(struct ovs *ovs, const char *interface);
bool ovs_port_is_installed(const struct ovs *ovs, const char *interface); /* ovn-controller has its flows in */
const char *ovs_port_error(const struct ovs *ovs, const char *interface); /* what ovs-vswitchd says of it, or NULL */

/* Pure: the operations that bring the ports of `wanted` (interface -> {"bridge", "external_ids"}) into the replica and
 * take those of ours (external_ids:sandbox) away that are not wanted. */
json_t *ovs_port_operations(const json_t *wanted, const json_t *replica);

#endif
