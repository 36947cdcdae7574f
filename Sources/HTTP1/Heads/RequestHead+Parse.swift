import Bytes

extension RequestHead {
    /// Parses the head at the start of `bytes`. One empty line before it is skipped (RFC 9112 §2.2).
    ///
    /// - Parameters:
    ///   - bytes: the received bytes that are not consumed yet, from the head's first byte.
    ///   - scanned: 0 for a new head; kept by the caller while this head is incomplete, so that bytes that arrive
    ///     one by one cost little. Reset to 0 when the head is complete.
    ///   - limits: of the head.
    /// - Returns: false if more bytes are needed: the head's properties then have no meaning.
    /// - Throws: when the malformed line is complete or the limit is reached, so that the result does not depend
    ///   on how the bytes were cut into reads; at the first byte if no method can begin with it.
    package mutating func parse(
        _ bytes: Span<UInt8>,
        scanned: inout Int,
        limits: HeadLimits
    ) throws(RequestError) -> Bool {
        let window = HeadWindow(bytes, limit: limits.windowBytes)
        // The first bytes alone can show that this is not HTTP; after them only a line end changes the result.
        if scanned > 3, window.needsMore(from: scanned) {
            scanned = window.bytes.count
            return false
        }
        var position = 0
        do throws(RequestError) {
            if try parse(window.bytes, at: &position, limits) {
                length = position
                scanned = 0
                return true
            }
        } catch {
            if error == .badMethod && position < 3 || window.isFinal(at: position) {
                throw window.bytes.byte(at: 0) == HTTP1Constants.tlsHandshake ? .tlsHandshake : error
            }
        }
        if window.isFull { throw .headTooLarge }
        scanned = window.bytes.count
        return false
    }

    /// - Parameter position: moves past the head; on an error, to a byte of the malformed line.
    private mutating func parse(
        _ bytes: Span<UInt8>,
        at position: inout Int,
        _ limits: HeadLimits
    ) throws(RequestError) -> Bool {
        fields.removeAll(keepingCapacity: true)
        guard try parseLine(bytes, at: &position, limits) else { return false }
        var section = FieldSection()
        do throws(FieldError) {
            guard try section.parse(bytes, at: &position, into: &fields, limit: limits.fields) else {
                return false
            }
        } catch {
            throw .field(error)
        }
        let end = position
        // The head is complete: from here on every error is final.
        position = 0
        try interpret(bytes, section)
        position = end
        return true
    }

    /// The request line. RFC 9112 §3: `method SP request-target SP HTTP-version CRLF`.
    private mutating func parseLine(
        _ bytes: Span<UInt8>,
        at position: inout Int,
        _ limits: HeadLimits
    ) throws(RequestError) -> Bool {
        if bytes.byte(at: 0) == ASCII.cr {
            guard let next = bytes.byte(at: 1) else { return false }
            guard next == ASCII.lf else { throw .badMethod }
            position = 2
        }
        let start = position
        position = bytes.tokenEnd(from: start)
        guard let afterMethod = bytes.byte(at: position) else { return false }
        guard afterMethod == ASCII.space, position > start, position &- start <= HTTP1Constants.methodBytes
        else {
            throw .badMethod
        }
        methodRange = ByteRange(start, position)
        method = MethodKind(bytes, methodRange)

        let target = position &+ 1
        position = bytes.targetEnd(from: target)
        guard position &- target <= limits.targetBytes else { throw .targetTooLong }
        targetRange = ByteRange(target, position)
        guard let afterTarget = bytes.byte(at: position) else { return false }
        guard afterTarget == ASCII.space, position > target else {
            // `GET /` and the line end is HTTP/0.9.
            throw position > target && (afterTarget == ASCII.cr || afterTarget == ASCII.lf)
                ? .badVersion : .badTarget
        }

        position &+= 1
        let reading = HTTPVersion.read(bytes, at: &position)
        if case .incomplete = reading { return false }
        if case .malformed = reading { throw .badVersion }
        guard bytes.isLineEnd(at: position) else {
            if position &+ 1 >= bytes.count, bytes.byte(at: position) ?? ASCII.cr == ASCII.cr { return false }
            throw .badVersion
        }
        guard case .version(let version) = reading else {
            throw bytes.equals(methodRange, "pri") && bytes.equals(targetRange, "*")
                ? .http2Preface : .versionNotSupported
        }
        self.version = version
        do throws(RequestError) { try readTarget(bytes) } catch {
            position = 0
            throw error
        }
        position &+= 2
        return true
    }

    /// Reads what the fields mean for the message as a whole.
    private mutating func interpret(_ bytes: Span<UInt8>, _ section: FieldSection) throws(RequestError) {
        let options: ConnectionOptions
        do throws(FramingError) {
            framing = try section.framing(bytes, fields, version: version) ?? .none
            options = try ConnectionOptions.read(bytes, section, &fields)
        } catch {
            throw .framing(error)
        }
        keepAlive = !options.close && (version == .http11 || options.keepAlive)
        if method == .trace, framing != .none { throw .traceWithBody }
        try readHost(bytes, section)
        try readExpect(bytes, section)
        readMaxForwards(bytes)
        readUpgrade(bytes, section, isRequested: options.upgrade)
    }

    private mutating func readHost(_ bytes: Span<UInt8>, _ section: FieldSection) throws(RequestError) {
        guard section.host.count <= 1 else { throw .severalHosts }
        guard section.host.count == 1 else {
            guard version == .http10 else { throw .missingHost }
            return
        }
        let value = fields[section.host.index].value
        guard Authority.isValid(bytes, value) else { throw .badHost }
        if !isAbsolute { host = value }
    }

    /// Several lines are one list (RFC 9110 §5.3).
    private mutating func readExpect(_ bytes: Span<UInt8>, _ section: FieldSection) throws(RequestError) {
        expectsContinue = false
        guard section.expect.count > 0 else { return }
        var expects = false
        for index in fields.indices where fields[index].id == .expect {
            var elements = ListElements(fields[index].value.indices)
            while let element = elements.next(bytes).map(ByteRange.init) {
                // A server must ignore the expectation of an HTTP/1.0 client (RFC 9110 §10.1.1).
                if version == .http11, !bytes.equals(element, "100-continue") { throw .unknownExpectation }
                expects = true
            }
        }
        expectsContinue = expects && version == .http11 && !framing.isEmpty
        // One line passes on as received; other spellings are written anew.
        var passes = expectsContinue
        for index in fields.indices where fields[index].id == .expect {
            if passes, bytes.equals(fields[index].value, "100-continue") {
                passes = false
            } else {
                fields[index].hopByHop = true
            }
        }
    }

    private mutating func readMaxForwards(_ bytes: Span<UInt8>) {
        maxForwards = nil
        guard method == .options || method == .trace else { return }
        for index in fields.indices where fields[index].id == .maxForwards {
            guard let value = Self.hops(bytes, fields[index].value) else { continue }
            maxForwards = min(value, maxForwards ?? .max)
        }
        guard maxForwards != nil else { return }
        for index in fields.indices where fields[index].id == .maxForwards { fields[index].hopByHop = true }
    }

    /// Digits; a larger number than Berth keeps counts as the largest (RFC 9110 §7.6.2).
    private static func hops(_ bytes: Span<UInt8>, _ range: ByteRange) -> UInt64? {
        guard !range.isEmpty else { return nil }
        var value: UInt64 = 0
        for index in range.indices {
            guard let byte = bytes.byte(at: index), ASCII.isDigit(byte) else { return nil }
            value = min(value &* 10 &+ UInt64(byte &- ASCII.zero), HTTP1Constants.maxForwards)
        }
        return value
    }

    private mutating func readUpgrade(_ bytes: Span<UInt8>, _ section: FieldSection, isRequested: Bool) {
        wantsUpgrade = false
        upgradeIsH2C = false
        guard section.upgrade.count > 0 else { return }
        var protocols = 0
        var areValid = true
        for index in fields.indices where fields[index].id == .upgrade {
            var elements = ListElements(fields[index].value.indices)
            while let element = elements.next(bytes).map(ByteRange.init) {
                if UpgradeProtocol.isHTTP(bytes, element) { upgradeIsH2C = true }
                if !UpgradeProtocol.isValid(bytes, element) { areValid = false }
                protocols &+= 1
            }
        }
        wantsUpgrade =
            isRequested && version == .http11 && framing.isEmpty && section.upgrade.count == 1
            && protocols > 0 && areValid && !upgradeIsH2C
    }
}
