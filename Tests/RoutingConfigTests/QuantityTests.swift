import Testing

@testable import RoutingConfig

@Suite struct QuantityTests {
    @Test(
        arguments: [
            ("500ms", Duration.milliseconds(500)), ("5s", .seconds(5)), ("2m", .seconds(120)),
            ("1h", .seconds(3600)),
            ("75", .seconds(75)), ("1.5s", .milliseconds(1500)), ("0", .zero), ("5 s", .seconds(5)),
            ("8760h", .seconds(365 * 86_400)),
        ]
    )
    func `Durations are read with their units`(text: String, expected: Duration) {
        #expect(Quantity.duration(text) == expected)
    }

    @Test(
        arguments: [
            "", "s", "-1s", "1d", "1 sec", "ms", ".5s", "1.s", "1..5s", "1s2", "٣s", "8761h", "1.1234567s",
            "99999999999999999999", "9223372036854775807h",
        ]
    )
    func `What is no duration is none`(text: String) {
        #expect(Quantity.duration(text) == nil)
    }

    @Test(
        arguments: [
            ("0", 0), ("512", 512), ("512B", 512), ("8KiB", 8192), ("8k", 8192), ("1.5m", 3 << 19),
            ("2GiB", 2 << 30),
            ("1TiB", 1 << 40), ("1 MiB", 1 << 20),
        ] as [(String, UInt64)]
    )
    func `Sizes are read with their units`(text: String, expected: UInt64) {
        #expect(Quantity.bytes(text) == expected)
    }

    @Test(arguments: ["", "KiB", "-1", "1KB", "1PiB", "0x10", "9223372036854775807k", "18446744073709551616"])
    func `What is no size is none`(text: String) {
        #expect(Quantity.bytes(text) == nil)
    }
}
