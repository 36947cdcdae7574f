extension TierService {
    /// Replaces this process by a new one of the same program, as on SIGUSR2. The log has what came of it.
    package func upgrade() async {
        // A tier that is to stop does not wait for it.
        await withTaskCancellationHandler {
            _ = await takeOver.upgrade.run(UpgradeRequest())
        } onCancel: {
            takeOver.upgrade.cancel()
        }
    }

    /// Returns when another process has taken the tier over, or the task is cancelled: this one has to stop then.
    package func superseded() async { await takeOver.upgrade.whenSuperseded() }

    /// The number of this process among those that have taken the tier over: 1 is the first.
    package var generation: Int { takeOver.upgrade.status.generation }
}

extension TierService.Options {
    /// Another process has what this one is about to take.
    var takesOver: Bool { sharesPorts || inheritance.isTakeOver }
}
