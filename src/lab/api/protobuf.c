/* protobuf: bodies in Kubernetes' protobuf form into the same JSON that others send, by the table of schema.c.
 *
 * kubectl from 1.32 on sends `create namespace`, `create deployment` and the like so. Format: four bytes "k8s\0", then
 * runtime.Unknown {1: TypeMeta{1 apiVersion, 2 kind}, 2: the object, ...}. Of wire types only varint and bytes occur.
 */
#include <stdlib.h>
#include <string.h>

#include "lab/api/base64.h"
#include "lab/api/private.h"

#define DEPTH_MAX 32
#define FIELDS_MAX 100000

struct reader {
	const uint8_t *at, *end;
};
struct decoder {
	struct err *err;
	int depth, n_fields;
};
struct field {
	int number;
	bool is_bytes;
	uint64_t value; /* varint */
	struct reader bytes;
};

static bool read_varint(struct reader *reader, uint64_t *out)
{
	uint64_t value = 0;
	for (int shift = 0; shift < 64; shift += 7) {
		if (reader->at == reader->end)
			return false;
		uint8_t byte = *reader->at++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*out = value;
			return true;
		}
	}
	return false;
}

static bool malformed(struct decoder *decoder)
{
	return err_set(decoder->err, ERR_INVALID, "the protobuf body is malformed; send JSON instead");
}

static bool read_field(struct decoder *decoder, struct reader *reader, struct field *out)
{
	uint64_t tag, size;
	if (++decoder->n_fields > FIELDS_MAX || !read_varint(reader, &tag) || tag >> 3 == 0 || tag >> 3 > 100000)
		return malformed(decoder);
	*out = (struct field){.number = (int)(tag >> 3), .is_bytes = (tag & 7) == 2};
	if ((tag & 7) == 0)
		return read_varint(reader, &out->value) || malformed(decoder);
	if ((tag & 7) != 2 || !read_varint(reader, &size) || size > (uint64_t)(reader->end - reader->at))
		return malformed(decoder);
	out->bytes = (struct reader){reader->at, reader->at + size};
	reader->at += size;
	return true;
}

static json_t *text_of(const struct reader *bytes)
{
	return json_stringn((const char *)bytes->at, (size_t)(bytes->end - bytes->at));
}

static json_t *base64_of(const struct reader *bytes)
{
	struct str out = {0};
	base64_append(&out, bytes->at, (size_t)(bytes->end - bytes->at));
	json_t *text = json_string(str_text(&out));
	str_finish(&out);
	return text;
}

static json_t *decode_object(struct decoder *decoder, struct reader bytes, const struct lab_schema *schema);

/* Time{1 seconds}, Quantity{1 text} and IntOrString{1 type, 2 number, 3 text} are messages. */
static json_t *decode_small(struct decoder *decoder, struct reader bytes, enum schema_type type)
{
	int64_t numbers[3] = {0};
	json_t *text = NULL;
	while (bytes.at < bytes.end) {
		struct field field = {0};
		if (!read_field(decoder, &bytes, &field))
			break;
		if (!field.is_bytes && field.number <= 2)
			numbers[field.number] = (int64_t)field.value;
		if (field.is_bytes && field.number <= 3 && !text)
			text = text_of(&field.bytes);
	}
	if (type == SCHEMA_TIME) {
		char time[32];
		json_decref(text);
		if (!numbers[1] || numbers[1] < 0 || numbers[1] > INT64_C(253402300799))
			return json_null();
		time_format(numbers[1] * 1000, time);
		return json_string(time);
	}
	if (type == SCHEMA_INT_OR_STRING && numbers[1] == 0) {
		json_decref(text);
		return json_integer(numbers[2]);
	}
	return text ? text : json_null();
}

static json_t *decode_value(struct decoder *decoder, const struct field *field, const struct schema_field *as)
{
	if (!field->is_bytes)
		return as->type == SCHEMA_BOOL  ? json_boolean(field->value != 0)
		       : as->type == SCHEMA_INT ? json_integer((int64_t)field->value)
		                                : NULL;
	switch (as->type) {
	case SCHEMA_STRING:
		return text_of(&field->bytes);
	case SCHEMA_BYTES:
		return base64_of(&field->bytes);
	case SCHEMA_OBJECT:
		return as->object ? decode_object(decoder, field->bytes, as->object) : NULL;
	case SCHEMA_TIME:
	case SCHEMA_QUANTITY:
	case SCHEMA_INT_OR_STRING:
		return decode_small(decoder, field->bytes, as->type);
	default:
		return NULL;
	}
}

/* One entry of a map: {1: key, 2: value}. */
static bool decode_entry(struct decoder *decoder, struct reader bytes, const struct schema_field *as, json_t *map)
{
	json_t *key = NULL, *value = NULL;
	while (bytes.at < bytes.end) {
		struct field field = {0};
		if (!read_field(decoder, &bytes, &field))
			break;
		if (field.number == 1 && field.is_bytes && !key)
			key = text_of(&field.bytes);
		else if (field.number == 2 && !value)
			value = decode_value(decoder, &field, as);
	}
	bool is_fine = key && bytes.at == bytes.end;
	if (is_fine)
		json_object_set(map, json_string_value(key), value ? value : json_null());
	json_decref(key);
	json_decref(value);
	return is_fine || malformed(decoder);
}

static bool is_nothing(const struct field *field)
{
	return field->is_bytes ? field->bytes.at == field->bytes.end : field->value == 0;
}

static json_t *list_at(json_t *object, const char *name, bool is_map)
{
	json_t *list = json_object_get(object, name);
	if (!list) {
		list = is_map ? json_object() : json_array();
		json_object_set_new(object, name, list);
	}
	return list;
}

/* Go writes out what JSON would leave out. */
static bool says_nothing(const struct schema_field *as, const struct field *field, const json_t *value)
{
	return as->type == SCHEMA_OBJECT ? json_object_size(value) == 0 : is_nothing(field);
}

static bool decode_field(struct decoder *decoder, const struct field *field, const struct lab_schema *schema,
                         json_t *object)
{
	const struct schema_field *as = schema_field_number(schema, field->number);
	if (!as || (as->type == SCHEMA_OBJECT && !as->object)) {
		/* Go writes empty structs out; they say nothing. The status of something new is not the client's. */
		if (is_nothing(field) || (as && strcmp(as->name, "status") == 0))
			return true;
		return err_set(decoder->err, ERR_INVALID,
		               "field %d of %s is not understood in protobuf; send JSON instead", field->number,
		               schema->name);
	}
	if (as->shape == SCHEMA_MAP)
		return field->is_bytes ? decode_entry(decoder, field->bytes, as, list_at(object, as->name, true))
		                       : malformed(decoder);
	json_t *value = decode_value(decoder, field, as);
	if (!value)
		return malformed(decoder);
	if (as->shape == SCHEMA_LIST)
		json_array_append_new(list_at(object, as->name, false), value);
	else if (json_is_null(value) || (!(as->shape & SCHEMA_POINTER) && says_nothing(as, field, value)))
		json_decref(value);
	else
		json_object_set_new(object, as->name, value);
	return true;
}

static json_t *decode_object(struct decoder *decoder, struct reader bytes, const struct lab_schema *schema)
{
	json_t *object = json_object();
	bool is_fine = ++decoder->depth <= DEPTH_MAX || malformed(decoder);
	while (is_fine && bytes.at < bytes.end) {
		struct field field = {0};
		is_fine = read_field(decoder, &bytes, &field) && decode_field(decoder, &field, schema, object);
	}
	decoder->depth--;
	if (is_fine)
		return object;
	json_decref(object);
	return NULL;
}

static bool read_envelope(struct decoder *decoder, struct reader bytes, struct str *version, struct str *kind,
                          struct reader *raw)
{
	while (bytes.at < bytes.end) {
		struct field field = {0}, part = {0};
		if (!read_field(decoder, &bytes, &field))
			return false;
		if (field.number == 2 && field.is_bytes)
			*raw = field.bytes;
		while (field.number == 1 && field.is_bytes && field.bytes.at < field.bytes.end) {
			if (!read_field(decoder, &field.bytes, &part))
				return false;
			if (part.is_bytes && (part.number == 1 || part.number == 2))
				str_append_safe(part.number == 1 ? version : kind, (const char *)part.bytes.at,
				                (size_t)(part.bytes.end - part.bytes.at));
		}
	}
	return true;
}

json_t *protobuf_parse(const char *body, size_t size, struct err *err)
{
	struct decoder decoder = {.err = err};
	struct str version = {0}, kind = {0};
	struct reader all = {(const uint8_t *)body + 4, (const uint8_t *)body + size}, raw = {NULL, NULL};
	json_t *object = NULL;
	if (size < 4 || memcmp(body, "k8s\0", 4) != 0) {
		malformed(&decoder);
		return NULL;
	}
	if (read_envelope(&decoder, all, &version, &kind, &raw)) {
		const struct lab_resource *row = lab_resource_kind(str_text(&kind));
		if (row && row->schema && !row->is_custom)
			object = decode_object(&decoder, raw, row->schema);
		else
			err_set(err, ERR_INVALID, "a %.100s is not understood in protobuf; send JSON instead",
			        str_text(&kind));
	}
	/* a fault inside a map's value leaves what is around it whole: the error says so */
	if (object) {
		json_object_set_new(object, "apiVersion", json_string(str_text(&version)));
		json_object_set_new(object, "kind", json_string(str_text(&kind)));
	}
	str_finish(&version);
	str_finish(&kind);
	return object;
}
