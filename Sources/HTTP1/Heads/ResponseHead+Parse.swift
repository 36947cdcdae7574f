import Bytes

extension ResponseHead {
    /// Parses the head at the start of `bytes`: as `RequestHead.parse`, without an empty line before it.
    ///
    /// A line may end with LF alone (RFC 9112 §2.2), as many CGI programs write it: every reader that accepts it
    /// ends the line there, and the head that Berth forwards has CRLF.
    ///
    /// - Parameters:
    ///   - bytes: the received bytes that are not consumed yet, from the head's first byte.
    ///   - scanned: 0 for a new head; kept by the caller while this head is incomplete.
    ///   - limits: of the head.
    ///   - requestMethod: of the request: a response to HEAD has no body, whatever its fields are.
    /// - Returns: false if more bytes are needed: the head's properties then have no meaning.
    /// - Throws: when the malformed line is complete or the limit is reached; at the first byte if no response can
    ///   begin with it.
    package mutating func parse(
        _ bytes: Span<UInt8>,
        scanned: inout Int,
        limits: HeadLimits,
        requestMethod: MethodKind
    ) throws(ResponseError) -> Bool {
        let window = HeadWindow(bytes, limit: limits.windowBytes)
        // After the first byte only a line end changes the result.
        if scanned > 0, window.needsMore(from: scanned) {
            scanned = window.bytes.count
            return false
        }
        var position = 0
        do throws(ResponseError) {
            if try parse(window.bytes, at: &position, limits, requestMethod) {
                length = position
                scanned = 0
                return true
            }
        } catch {
            if error == .badVersion && position == 0 || window.isFinal(at: position) { throw error }
        }
        if window.isFull { throw .headTooLarge }
        scanned = window.bytes.count
        return false
    }

    /// - Parameter position: moves past the head; on an error, to a byte of the malformed line.
    private mutating func parse(
        _ bytes: Span<UInt8>,
        at position: inout Int,
        _ limits: HeadLimits,
        _ requestMethod: MethodKind
    ) throws(ResponseError) -> Bool {
        fields.removeAll(keepingCapacity: true)
        guard try parseLine(bytes, at: &position) else { return false }
        var section = FieldSection()
        do throws(FieldError) {
            guard
                try section.parse(bytes, at: &position, into: &fields, limit: limits.fields, bareLF: true)
            else { return false }
        } catch {
            throw .field(error)
        }
        hasLooseLines = section.isLoose
        let end = position
        position = 0
        do throws(FramingError) {
            try interpret(bytes, section, requestMethod)
        } catch {
            throw .framing(error)
        }
        position = end
        return true
    }

    /// The status line. RFC 9112 §4: `HTTP-version SP status-code SP [reason-phrase] CRLF`. The second space,
    /// which some servers omit if there is no reason, may be missing.
    private mutating func parseLine(_ bytes: Span<UInt8>, at position: inout Int) throws(ResponseError)
        -> Bool
    {
        let reading = HTTPVersion.read(bytes, at: &position)
        if case .incomplete = reading { return false }
        if case .malformed = reading { throw .badVersion }
        guard let afterVersion = bytes.byte(at: position) else { return false }
        guard afterVersion == ASCII.space else { throw .badVersion }
        guard case .version(let version) = reading else { throw .versionNotSupported }
        self.version = version
        position &+= 1

        var status = 0
        for _ in 0..<3 {
            guard let byte = bytes.byte(at: position) else { return false }
            guard ASCII.isDigit(byte) else { throw .badStatus }
            status = status &* 10 &+ Int(byte &- ASCII.zero)
            position &+= 1
        }
        guard let afterStatus = bytes.byte(at: position) else { return false }
        guard status >= 100, status <= 599,
            afterStatus == ASCII.space || afterStatus == ASCII.cr || afterStatus == ASCII.lf
        else {
            throw .badStatus
        }
        self.status = status
        if afterStatus == ASCII.space { position &+= 1 }

        let reasonStart = position
        position = bytes.firstControl(from: reasonStart)
        reason = ByteRange(reasonStart, position)
        if bytes.isLineEnd(at: position) {
            position &+= 2
            return true
        }
        if bytes.byte(at: position) == ASCII.lf {
            position &+= 1
            return true
        }
        if position &+ 1 >= bytes.count, bytes.byte(at: position) ?? ASCII.cr == ASCII.cr { return false }
        throw bytes.byte(at: position) == ASCII.cr ? .field(.bareCR) : .badReason
    }

    /// Reads what the fields mean for the message as a whole. RFC 9112 §6.3, in its order.
    private mutating func interpret(
        _ bytes: Span<UInt8>,
        _ section: FieldSection,
        _ requestMethod: MethodKind
    ) throws(FramingError) {
        let given = try section.framing(bytes, fields, version: version)
        let options = try ConnectionOptions.read(bytes, section, &fields)
        keepAlive = !options.close && (version == .http11 || options.keepAlive)
        if status < 200 || status == 204 {
            framing = .none
            // Such a response must not have a length. A server that sends one may also send the bytes.
            if section.contentLength.count > 0 {
                fields[section.contentLength.index].hopByHop = true
            }
            if given != nil && given != .length(0) { keepAlive = false }
            if status == 101 { keepAlive = false }
        } else if requestMethod == .head || status == 304 {
            framing = .none
        } else if requestMethod == .connect && status < 300 {
            framing = .none
            keepAlive = false
        } else {
            framing = given ?? .untilClose
            if given == nil { keepAlive = false }
        }
    }
}
