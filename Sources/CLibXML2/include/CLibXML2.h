#ifndef HUB_XML_H
#define HUB_XML_H

#include <stddef.h>
#include <stdint.h>

/// What the hub takes of libxml2: well-formedness, names and namespaces of a text in UTF-8, told in callbacks.
///
/// No tree is built, nothing is loaded, no entity is expanded beside the five of XML itself, and a document type declaration is refused.
/// All text is UTF-8 that libxml2 has checked, and lives only while the callback runs; a name, a prefix and a namespace keep their address
/// for the whole parse, and equal ones have the same.

/// A start tag. `declarations` holds pairs of prefix (NULL: the default) and namespace (NULL or empty: none); `attributes` holds groups of
/// five: local name, prefix, namespace, the first byte of the value, and the byte after its last.
struct hub_xml_tag {
    const uint8_t *_Nonnull local;
    const uint8_t *_Nullable space;
    size_t declaration_count;
    const uint8_t *_Nullable const *_Nullable declarations;
    size_t attribute_count;
    const uint8_t *_Nullable const *_Nullable attributes;
};

/// Who is told. A callback that returns something else than 0 ends the parse.
struct hub_xml_handler {
    void *_Nullable context;
    int (*_Nonnull start)(void *_Nullable context, const struct hub_xml_tag *_Nonnull tag);
    int (*_Nonnull end)(void *_Nullable context);
    int (*_Nonnull text)(void *_Nullable context, const uint8_t *_Nonnull bytes, size_t length);
};

/// Why a parse ended early. `message` is a fixed text; NULL: a callback ended it. `offset` is the byte that was read last.
struct hub_xml_failure {
    const char *_Nullable message;
    size_t offset;
    int names;  // whether it is about the names of the start tag that comes after those told
};

/// Parses `length` bytes of UTF-8 without byte order mark; an encoding that the text declares is ignored. Returns 0, or -1 with `failure`.
int hub_xml_parse(
    const uint8_t *_Nonnull bytes, size_t length, const struct hub_xml_handler *_Nonnull handler,
    struct hub_xml_failure *_Nonnull failure);

#endif
