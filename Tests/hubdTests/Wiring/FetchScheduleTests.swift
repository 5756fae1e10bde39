import Testing

@testable import hubd

@Suite("When keys are fetched") struct FetchScheduleTests {
    private let start = ContinuousClock.now

    private func fetched(well: Bool = true) -> FetchSchedule {
        var schedule = FetchSchedule()
        #expect(schedule.step(for: .configuration, now: start) == .fetch)
        schedule.ended(well: well)
        return schedule
    }

    @Test("the first time at once, whatever the reason, and one at a time", arguments: FetchSchedule.Reason.allCases)
    func first(reason: FetchSchedule.Reason) {
        var schedule = FetchSchedule()
        #expect(schedule.step(for: reason, now: start) == .fetch)
        for other in FetchSchedule.Reason.allCases { #expect(schedule.step(for: other, now: start + .seconds(9999)) == .wait) }
    }

    @Test("a reload looks at once, time after ten minutes, a token at once and then once a minute")
    func reasons() {
        var schedule = fetched()
        #expect(schedule.step(for: .time, now: start + .seconds(599)) == .nothing)
        #expect(schedule.step(for: .token, now: start + .seconds(1)) == .fetch)
        schedule.ended(well: true)
        #expect(schedule.step(for: .token, now: start + .seconds(60)) == .nothing)
        #expect(schedule.step(for: .configuration, now: start + .seconds(2)) == .fetch)
        schedule.ended(well: true)
        #expect(schedule.step(for: .token, now: start + .seconds(61)) == .fetch)
        schedule.ended(well: true)
        #expect(schedule.step(for: .time, now: start + .seconds(660)) == .nothing)
        #expect(schedule.step(for: .time, now: start + .seconds(661)) == .fetch)
    }

    @Test("after failures, later and later up to a minute, and tokens hasten nothing")
    func failures() {
        var schedule = fetched(well: false)
        var now = start
        for pause in [2, 4, 8, 16, 32, 60, 60] {
            for reason in [FetchSchedule.Reason.time, .token] {
                #expect(schedule.step(for: reason, now: now + .seconds(pause) - .nanoseconds(1)) == .nothing)
            }
            now += .seconds(pause)
            #expect(schedule.step(for: .time, now: now) == .fetch)
            schedule.ended(well: false)
        }
        #expect(schedule.step(for: .configuration, now: now) == .fetch)
        schedule.ended(well: true)
        #expect(schedule.step(for: .time, now: now + .seconds(60)) == .nothing)
    }
}
