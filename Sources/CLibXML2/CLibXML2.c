#include "CLibXML2.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

struct state {
    const struct hub_xml_handler *handler;
    struct hub_xml_failure *failure;
    xmlParserCtxtPtr parser;
    int failed;
};

static xmlParserInputPtr refuse(const char *url, const char *identifier, xmlParserCtxtPtr parser) {
    (void)url, (void)identifier, (void)parser;
    return NULL;
}

static void prepare(void) {
    xmlInitParser();
    xmlSetExternalEntityLoader(refuse);  // of the process: nothing else in it uses libxml2
}

/// Fixed texts: libxml2's own repeat what was read.
static const char *explain(int code) {
    switch (code) {
        case XML_ERR_NO_MEMORY: return "no memory to read XML";
        case XML_ERR_DOCUMENT_EMPTY: return "there is no element";
        case XML_ERR_DOCUMENT_END: return "the text does not end with the root element";
        case XML_ERR_TAG_NAME_MISMATCH: return "the end tag does not match the start tag";
        case XML_ERR_TAG_NOT_FINISHED: return "an element is not closed";
        case XML_ERR_GT_REQUIRED: return "a tag is not closed";
        case XML_ERR_LT_IN_ATTRIBUTE: return "\"<\" in the value of an attribute";
        case XML_ERR_ATTRIBUTE_NOT_STARTED:
        case XML_ERR_ATTRIBUTE_NOT_FINISHED:
        case XML_ERR_ATTRIBUTE_WITHOUT_VALUE: return "an attribute has no quoted value";
        case XML_ERR_SPACE_REQUIRED: return "a space is missing";
        case XML_ERR_ATTRIBUTE_REDEFINED:
        case XML_NS_ERR_ATTRIBUTE_REDEFINED: return "an attribute is there twice";
        case XML_NS_ERR_UNDEFINED_NAMESPACE: return "a prefix is not declared";
        case XML_NS_ERR_QNAME:
        case XML_NS_ERR_COLON: return "a name has a colon at a wrong place";
        case XML_NS_ERR_EMPTY:
        case XML_NS_ERR_XML_NAMESPACE: return "a namespace cannot be declared so";
        case XML_ERR_NAME_REQUIRED: return "a name is missing";
        case XML_ERR_NAME_TOO_LONG: return "a name is too long";
        case XML_ERR_UNDECLARED_ENTITY:
        case XML_WAR_UNDECLARED_ENTITY:
        case XML_ERR_ENTITYREF_SEMICOL_MISSING: return "a reference to an entity that XML itself does not have";
        case XML_ERR_INVALID_HEX_CHARREF:
        case XML_ERR_INVALID_DEC_CHARREF:
        case XML_ERR_INVALID_CHARREF: return "a reference to a character that XML does not have";
        case XML_ERR_INVALID_CHAR: return "a character that XML does not have";
        case XML_ERR_INVALID_ENCODING: return "the bytes are not UTF-8";
        case XML_ERR_COMMENT_NOT_FINISHED: return "a comment is not closed";
        case XML_ERR_CDATA_NOT_FINISHED: return "a CDATA section is not closed";
        case XML_ERR_PI_NOT_FINISHED: return "a processing instruction is not closed";
        case XML_ERR_UNKNOWN_VERSION: return "the text is of an unknown version of XML";
        default: return "malformed XML";
    }
}

static void fail(struct state *state, const char *message, int names) {
    if (state->failed) return;
    state->failed = 1;
    const long offset = xmlByteConsumed(state->parser);
    *state->failure = (struct hub_xml_failure){.message = message, .offset = offset > 0 ? (size_t)offset : 0, .names = names};
}

static void stop(struct state *state, const char *message) {
    fail(state, message, 0);
    xmlStopParser(state->parser);
}

static void on_error(void *context, xmlErrorPtr error) {
    struct state *state = context;
    if (error == NULL || error->level < XML_ERR_ERROR) return;
    const int names = error->domain == XML_FROM_NAMESPACE || error->code == XML_ERR_ATTRIBUTE_REDEFINED;
    fail(state, explain(error->code), names);
    // Not xmlStopParser, which takes the input away under libxml2's own feet; what follows is read in silence, in linear time.
    state->parser->disableSAX = 1;
}

static void on_doctype(void *context, const xmlChar *name, const xmlChar *identifier, const xmlChar *system) {
    (void)name, (void)identifier, (void)system;
    stop(context, "a document type declaration is refused");
}

static void on_reference(void *context, const xmlChar *name) {
    (void)name;
    stop(context, explain(XML_ERR_UNDECLARED_ENTITY));
}

static void on_start(
    void *context, const xmlChar *local, const xmlChar *prefix, const xmlChar *space, int declaration_count,
    const xmlChar **declarations, int attribute_count, int defaulted, const xmlChar **attributes) {
    (void)prefix, (void)defaulted;
    struct state *state = context;
    if (state->failed) return;
    const struct hub_xml_tag tag = {
        .local = local, .space = space, .declaration_count = (size_t)declaration_count, .declarations = declarations,
        .attribute_count = (size_t)attribute_count, .attributes = attributes};
    if (state->handler->start(state->handler->context, &tag) != 0) stop(state, NULL);
}

static void on_end(void *context, const xmlChar *local, const xmlChar *prefix, const xmlChar *space) {
    (void)local, (void)prefix, (void)space;
    struct state *state = context;
    if (!state->failed && state->handler->end(state->handler->context) != 0) stop(state, NULL);
}

static void on_text(void *context, const xmlChar *bytes, int length) {
    struct state *state = context;
    if (state->failed || length <= 0) return;
    if (state->handler->text(state->handler->context, bytes, (size_t)length) != 0) stop(state, NULL);
}

int hub_xml_parse(
    const uint8_t *bytes, size_t length, const struct hub_xml_handler *handler, struct hub_xml_failure *failure) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);

    *failure = (struct hub_xml_failure){.message = explain(XML_ERR_NO_MEMORY)};
    if (length == 0 || length > INT_MAX) {
        failure->message = length == 0 ? explain(XML_ERR_DOCUMENT_EMPTY) : "the text is too long";
        return -1;
    }
    xmlParserCtxtPtr parser = xmlCreateMemoryParserCtxt((const char *)bytes, (int)length);
    if (parser == NULL) return -1;
    struct state state = {.handler = handler, .failure = failure, .parser = parser};
    // Nothing that loads, substitutes, repairs or lifts a limit.
    xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
    *parser->sax = (xmlSAXHandler){
        .initialized = XML_SAX2_MAGIC,
        .internalSubset = on_doctype,
        .reference = on_reference,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .serror = on_error,
    };
    parser->userData = &state;
    xmlParseDocument(parser);
    // The input of libxml2 ends at a zero byte, which it takes for the end of the text.
    if (!state.failed && (!parser->wellFormed || parser->input == NULL || parser->input->cur < parser->input->end))
        fail(&state, explain(XML_ERR_DOCUMENT_END), 0);
    xmlFreeParserCtxt(parser);
    return state.failed ? -1 : 0;
}
