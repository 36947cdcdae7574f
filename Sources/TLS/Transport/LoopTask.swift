/// `@unchecked Sendable`: from the loop to the same loop.
struct LoopTask: @unchecked Sendable {
    let run: () -> Void

    init(_ run: @escaping () -> Void) { self.run = run }
}
