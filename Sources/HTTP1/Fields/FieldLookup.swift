/// Field values by name, for rules. Pairs with the routing library's header lookup.
extension RequestHead {
    /// Calls `visit` with each value of the field until it returns true.
    ///
    /// - Parameters:
    ///   - lowercaseName: the field's name in lower case.
    ///   - bytes: the span that was parsed.
    /// - Returns: whether any call returned true.
    package func anyValue(
        of lowercaseName: [UInt8],
        in bytes: Span<UInt8>,
        visit: (Span<UInt8>) -> Bool
    ) -> Bool {
        for field in fields where field.name.count == lowercaseName.count {
            guard field.line.upperBound <= bytes.count else { return false }
            var same = true
            for index in lowercaseName.indices {
                var byte = bytes[field.name.lowerBound &+ index]
                if byte &- 0x41 < 26 { byte |= 0x20 }
                if byte != lowercaseName[index] {
                    same = false
                    break
                }
            }
            if same && visit(bytes.extracting(field.value.indices)) { return true }
        }
        return false
    }
}

extension [Field] {
    /// The fields that stay, as the longest possible stretches of whole lines: what to copy from the old head.
    @inlinable
    package func forEachRun(keeping keep: (Field) -> Bool, _ emit: (ByteRange) -> Void) {
        var run = ByteRange.empty
        for index in indices where keep(self[index]) {
            let line = self[index].line
            if line.start == run.end {
                run.end = line.end
            } else {
                if !run.isEmpty { emit(run) }
                run = line
            }
        }
        if !run.isEmpty { emit(run) }
    }
}
