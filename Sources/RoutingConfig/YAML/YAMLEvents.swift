import CYaml

/// A part of a YAML text, as libyaml reads it, with its start.
struct YAMLEvent {
    enum Kind {
        case documentStart, documentEnd, streamEnd
        case scalar(String, ScalarStyle)
        case alias(String)
        case sequenceStart, sequenceEnd
        case mappingStart, mappingEnd
        /// The start of the stream: without meaning.
        case other
    }

    let kind: Kind
    let mark: YAMLMark
    /// `&name` before it.
    let anchor: String?
    /// `!tag` before it, if it was written.
    let tag: String?
}

/// A line and a column, from 1; columns in Unicode scalars.
struct YAMLMark: Hashable {
    var line: Int
    var column: Int
}

/// The error at which libyaml stopped.
struct YAMLError: Error {
    /// What it found, and during which activity; in libyaml's words.
    let problem: String
    let context: String
    let mark: YAMLMark
    let contextMark: YAMLMark
    let isOutOfMemory: Bool
}

/// libyaml's event parser: only this file accesses its memory.
///
/// Yams' own tree is not used: it stops at the first duplicate key, and keys that are aliases can
/// make it run forever. Pointers into the parser do not leave this file.
final class YAMLEvents {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    private let isReady: Bool

    /// - Parameter bytes: UTF-8; copied.
    init(_ bytes: [UInt8]) {
        parser = .allocate(capacity: 1)
        // One more, so that there is an address even without bytes.
        input = .allocate(capacity: bytes.count + 1)
        input.initialize(repeating: 0)
        _ = input.update(fromContentsOf: bytes)
        isReady = yaml_parser_initialize(parser) == 1
        if isReady {
            yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
            yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
        }
    }

    deinit {
        if isReady { yaml_parser_delete(parser) }
        parser.deallocate()
        input.deallocate()
    }

    /// The next event; after the last, `streamEnd` at each call.
    func next() throws(YAMLError) -> YAMLEvent {
        var event = yaml_event_t()
        guard isReady, yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { yaml_event_delete(&event) }
        let mark = Self.mark(event.start_mark)
        switch event.type {
        case YAML_DOCUMENT_START_EVENT:
            return YAMLEvent(kind: .documentStart, mark: mark, anchor: nil, tag: nil)
        case YAML_DOCUMENT_END_EVENT: return YAMLEvent(kind: .documentEnd, mark: mark, anchor: nil, tag: nil)
        // After the end of the stream, libyaml returns empty events.
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT:
            return YAMLEvent(kind: .streamEnd, mark: mark, anchor: nil, tag: nil)
        case YAML_ALIAS_EVENT:
            let name = Self.string(event.data.alias.anchor) ?? ""
            return YAMLEvent(kind: .alias(name), mark: mark, anchor: nil, tag: nil)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let text = String(
                decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length),
                as: UTF8.self
            )
            return YAMLEvent(
                kind: .scalar(text, Self.style(scalar.style)),
                mark: mark,
                anchor: Self.string(scalar.anchor),
                tag: Self.string(scalar.tag)
            )
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            let (anchor, tag) = (Self.string(start.anchor), Self.string(start.tag))
            return YAMLEvent(kind: .sequenceStart, mark: mark, anchor: anchor, tag: tag)
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            let (anchor, tag) = (Self.string(start.anchor), Self.string(start.tag))
            return YAMLEvent(kind: .mappingStart, mark: mark, anchor: anchor, tag: tag)
        case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .sequenceEnd, mark: mark, anchor: nil, tag: nil)
        case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mappingEnd, mark: mark, anchor: nil, tag: nil)
        default: return YAMLEvent(kind: .other, mark: mark, anchor: nil, tag: nil)
        }
    }

    private func problem() -> YAMLError {
        let state = parser.pointee
        let isOutOfMemory = !isReady || state.error == YAML_MEMORY_ERROR
        return YAMLError(
            problem: isReady ? state.problem.map { String(cString: $0) } ?? "" : "",
            context: isReady ? state.context.map { String(cString: $0) } ?? "" : "",
            mark: isReady ? Self.mark(state.problem_mark) : YAMLMark(line: 1, column: 1),
            contextMark: isReady ? Self.mark(state.context_mark) : YAMLMark(line: 1, column: 1),
            isOutOfMemory: isOutOfMemory
        )
    }

    private static func mark(_ mark: yaml_mark_t) -> YAMLMark {
        YAMLMark(line: Int(clamping: mark.line) &+ 1, column: Int(clamping: mark.column) &+ 1)
    }

    private static func string(_ pointer: UnsafePointer<UInt8>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    private static func style(_ style: yaml_scalar_style_t) -> ScalarStyle {
        switch style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
        default: .plain
        }
    }
}
