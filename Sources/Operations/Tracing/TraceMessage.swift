import FoundationEssentials
import ProxyCore
import Settings

/// The spans of requests as OTLP sends them (`ExportTraceServiceRequest`, in protocol buffers).
struct TraceMessage {
    struct Attribute {
        /// A value of one of two types.
        enum Value {
            case string(String)
            case int(Int)
        }

        let key: String
        let value: Value
    }

    struct Span {
        static let server: UInt64 = 2
        static let client: UInt64 = 3

        let trace: TraceContext
        let id: UInt64
        /// 0: none.
        let parent: UInt64
        let name: String
        let kind: UInt64
        /// Nanoseconds since 1970.
        let start: Int64
        let end: Int64
        let attributes: [Attribute]
        /// Nil: it is not an error; else its message, which may be empty.
        let error: String?
    }

    let bytes: [UInt8]

    /// - Parameter tier: `front` or `local`.
    init(_ requests: [TracedRequest], tier: String) {
        let attributes = [
            Attribute("service.name", "berth-\(tier)"), Attribute("service.version", BerthVersion.current),
            Attribute("host.name", Self.hostName),
        ]
        var writer = ProtobufWriter()
        writer.message(1) { spans in
            spans.message(1) { resource in
                for attribute in attributes { attribute.write(to: &resource, 1) }
            }
            spans.message(2) { scoped in
                scoped.message(1) { scope in
                    scope.text(1, "berth")
                    scope.text(2, BerthVersion.current)
                }
                for request in requests {
                    for span in TraceSpans.of(request, tier: tier) { span.write(to: &scoped, 2) }
                }
            }
        }
        bytes = writer.bytes
    }

    private static let hostName = ProcessInfo.processInfo.hostName
}

extension TraceMessage.Attribute {
    init(_ key: String, _ value: String) { self.init(key: key, value: .string(value)) }

    init(_ key: String, _ value: Int) { self.init(key: key, value: .int(value)) }

    fileprivate func write(to writer: inout ProtobufWriter, _ field: Int) {
        writer.message(field) { pair in
            pair.text(1, key)
            pair.message(2) { any in
                switch value {
                case .string(let text): any.data(1, Array(text.utf8))
                case .int(let number): any.number(3, UInt64(bitPattern: Int64(number)))
                }
            }
        }
    }
}

extension TraceMessage.Span {
    fileprivate func write(to writer: inout ProtobufWriter, _ field: Int) {
        writer.message(field) { span in
            span.data(1, Self.bytes(trace.traceHigh) + Self.bytes(trace.traceLow))
            span.data(2, Self.bytes(id))
            if parent != 0 { span.data(4, Self.bytes(parent)) }
            span.text(5, name)
            span.number(6, kind)
            span.fixed64(7, UInt64(clamping: start))
            span.fixed64(8, UInt64(clamping: end))
            for attribute in attributes { attribute.write(to: &span, 9) }
            guard let error else { return }
            span.message(15) { status in
                status.text(2, error)
                status.number(3, 2)
            }
        }
    }

    /// In network order.
    private static func bytes(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * (7 - $0))) }
    }
}
