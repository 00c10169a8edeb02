/* What a show keeps on disk, and what a manifest would change in it. "W" and a manifest; anything else is JSON that was kept: what is
 * restored is safe to print and is kept the same again. The act is the real policies act. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "play/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
	for (size_t len; text && *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (!text_is_safe(text, len))
			base_abort("not safe to print: %s", text);
	}
}

static struct play *create(struct loop *loop, struct kube *kube)
{
	struct err err = {.code = ERR_NONE};
	struct play_options options = {.loop = loop, .kube = kube, .offline = true, .rows = 24, .cols = 80};
	options.act = scenario_load("manifests/localnet/policies.scenario.yaml", "lab", &err);
	struct play *play = options.act ? play_create(&options, &err) : NULL;
	if (!play)
		base_abort("no play: %s", err.text);
	return play;
}

static void try_what_if(struct play *play, const char *text, size_t size)
{
	struct err err = {.code = ERR_NONE};
	struct str words = {0};
	if (what_if_read(play, "fuzz.yaml", text, size, &err)) {
		play_cluster_changed(play);
		play_what_if_words(play, &words);
		check_text(str_text(&words));
	} else if (!strstr(err.text, "fuzz.yaml")) {
		base_abort("an error without its file: %s", err.text);
	}
	str_finish(&words);
}

static void try_kept(struct play *play, const char *text, size_t size)
{
	json_t *kept = json_parse(text, size, "fuzz", NULL);
	if (kept && play_restore(play, kept, NULL)) {
		for (size_t i = 0; i < play->act->stages.len; i++) {
			check_text(play->runs[i].checked);
			check_text(play->runs[i].message);
			check_text(play->runs[i].failure);
		}
		for (size_t i = 0; i < play->flows.len; i++)
			check_text(play->flows.data[i].note);
		json_t *once = play_keep(play);
		if (!once || !play_restore(play, once, NULL))
			base_abort("what was kept again cannot be restored");
		json_t *twice = play_keep(play);
		if (!json_equal(once, twice) || json_array_size(json_object_get(once, "flows")) != play->flows.len)
			base_abort("it is not kept the same again");
		json_decref(once);
		json_decref(twice);
	}
	json_decref(kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct loop *loop = loop_create(NULL);
	struct kube *kube = kube_create(loop, &(struct kube_options){.offline = true});
	struct play *play = create(loop, kube);
	if (size > 0 && data[0] == 'W')
		try_what_if(play, (const char *)data + 1, size - 1);
	else
		try_kept(play, (const char *)data, size);
	play_destroy(play);
	kube_destroy(kube);
	loop_destroy(loop);
	return 0;
}
