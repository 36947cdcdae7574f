package import HTTP1

// Why each message is refused: what goes wrong after a proxy that is more lenient. For docs/bad-inputs.md.

extension RequestError {
    package var why: String {
        switch self {
        case .badMethod:
            "Berth does not search for the start of a request: the bytes before it may be the rest of another request."
        case .tlsHandshake, .http2Preface:
            "The bytes belong to another protocol. The client learns from the status that this port speaks HTTP/1.1."
        case .methodNotAllowed: "A tunnel would carry requests that no rule has matched."
        case .badTarget:
            "Readers cut, decode or skip such bytes differently, and so read another path or another line."
        case .targetTooLong: "A limit on memory, and on the bytes that every rule must match."
        case .badVersion:
            "A line with other spaces, ends or parts is one request for this reader and another for the next."
        case .versionNotSupported:
            "The bytes that follow belong to another protocol. To read them as HTTP/1.1 would invent requests."
        case .missingHost: "Without a host the next reader chooses one itself."
        case .severalHosts:
            "One tier routes by the first, the next responds for the last, even if they only seem equal."
        case .badHost:
            "The host is the route. Some readers cut off or decode such bytes, or read them as a user or a path, and so route elsewhere."
        case .unknownExpectation: "The next reader must not wait for something that never arrives."
        case .traceWithBody:
            "A TRACE has no body. Readers that enforce this leave the body in the connection, where it is read as a request."
        case .headTooLarge: "A limit on memory: a header flood costs no more than this."
        case .field(let error): error.why
        case .framing(let error): error.why
        }
    }
}

extension ResponseError {
    package var why: String {
        switch self {
        case .badVersion:
            "Berth does not search for the start of a response: the bytes before it may be the rest of another response."
        case .versionNotSupported: "The bytes that follow belong to another protocol."
        case .badStatus: "The status decides whether a body follows: all readers must read the same status."
        case .badReason:
            "To some readers, a reason phrase with line ends or NUL contains a header of the attacker."
        case .headTooLarge: "A limit on memory."
        case .field(let error): error.why
        case .framing(let error): error.why
        }
    }
}

extension FieldError {
    package var why: String {
        switch self {
        case .emptyName: "Some readers end the head here, some skip the line."
        case .badName:
            "Some readers skip the line, some repair the name: a length that only one of them reads."
        case .spaceBeforeColon:
            "Some readers drop the space and read the field, some read another field: this hides lengths and codings."
        case .missingColon: "Some readers skip the line, some treat it as a folded line, some end the head."
        case .folded: "Some readers join the line to the previous one, some read a separate field."
        case .badValue: "Control bytes end strings and lines in some readers, and change what a log shows."
        case .bareCR: "A line end to some readers: hides a field, or a whole request, in a value."
        case .bareLF:
            "A line end to many readers and not to others: the basis of TERM.EXT and of header hiding."
        case .tooMany: "A limit on work: a header flood is refused when it is one line too long."
        case .tooLarge: "A limit on memory."
        }
    }
}

extension FramingError {
    package var why: String {
        switch self {
        case .lengthAndCoding:
            "CL.TE and TE.CL: one tier ends the body by the length, the next by the coding."
        case .severalLengths:
            "One tier uses the first, the next the last (CL.CL), even if they only seem equal."
        case .badLength:
            "Readers parse signs, spaces, prefixes and overflow differently (CL.CL with one field)."
        case .severalCodings: "TE.TE: one tier uses the first field, the next the last."
        case .badCoding:
            "TE.TE: one tier reads the value as chunked; the next does not recognise it and falls back to a length."
        case .unknownCoding: "A coding that is not decoded hides where the body ends."
        case .codingInHTTP10: "HTTP/1.0 has no codings: an old reader would end the body by length or close."
        case .badConnection: "An invalid name cannot be removed, and the next reader may accept it as a name."
        case .tooManyConnectionOptions: "Each name is looked up among all fields: a limit on work."
        }
    }
}

extension BodyError {
    package var why: String {
        switch self {
        case .badChunkSize:
            "Readers parse signs, prefixes, spaces and line ends differently: the chunk ends in two places."
        case .chunkTooLarge: "The size overflows in some readers and becomes a small one."
        case .badChunkExtension: "Readers find the line's end in different places (TERM.EXT, EXT.TERM)."
        case .chunkLineTooLong: "A limit on memory."
        case .tooMuchExtension: "A limit on work for almost no data."
        case .badChunkEnd:
            "Readers that do not check skip any two bytes, and continue at another position."
        case .trailer(let error): error.why
        case .truncated: "A cut-off body must not look complete."
        }
    }
}
