using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Database;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>The page of what models cost.</summary>
public sealed class UsageTests(BrowserFixture browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Usage_is_drawn_by_day_broken_down_capped_and_exported()
    {
        var owner = await browser.SignUpAsync("Northwind Legal");
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        await page.GetByRole(AriaRole.Button, new() { Name = "Account of Olga Owner" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Usage" }).ClickAsync();
        await page.ArrivesAtAsync("**/usage**");
        await page.GetByText("No model was called in these days").WaitForAsync();
        await page.GetByText("There is no cap.").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("usage-empty");

        await UseAsync(owner, "chat", "small-model", 1_234_567);
        await UseAsync(owner, "gateway", "<img src=x onerror=alert(1)>", 2_000_000_000, estimated: true);
        await page.ReloadAsync();
        await page.GetByText("$2.00", new() { Exact = true }).First.WaitForAsync();
        await page.GetByText("small-model").WaitForAsync();
        await page.Locator("#cap").FillAsync("10");
        await page.GetByRole(AriaRole.Button, new() { Name = "Set the cap" }).ClickAsync();
        await page.GetByText("$2.00 of $10.00").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("usage-full");

        await page.Locator("#group").SelectOptionAsync("user");
        await page.GetByRole(AriaRole.Heading, new() { Name = "By person" }).WaitForAsync();
        await page.GetByRole(AriaRole.Rowheader, new() { Name = "You" }).WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Lift the cap on Northwind Legal, a month" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Lift it" }).ClickAsync();
        await page.GetByText("There is no cap.").WaitForAsync();
        Assert.Contains(
            "/api/v1/usage/export?from=",
            await page.Locator("#export").GetAttributeAsync("href"),
            StringComparison.Ordinal
        );
        visit.AssertNoComplaint();

        visit.Expect("400");
        await page.GotoAsync("/usage?from=2020-01-01&to=2026-01-01");
        await page.GetByText("at most 400 days").WaitForAsync();
        await visit.AssertGoodScreenAsync("usage-error");
    }

    private async Task UseAsync(TestUser user, string component, string model, long nano, bool estimated = false)
    {
        var ledger = browser.Services.GetRequiredService<UsageLedger>();
        var outcome = await ledger.ReserveAsync(
            new ReservationRequest(
                Guid.CreateVersion7(),
                new Payer(new TenantId(user.TenantId), user.UserId, null),
                new UsagePurpose(component, "chat"),
                model,
                new NanoDollars(nano),
                100,
                TimeSpan.FromMinutes(1)
            ),
            Cancel
        );
        ledger.Settle(
            Assert.IsType<ReserveOutcome.Granted>(outcome).Reservation,
            [
                new AttemptUsage(
                    "scripted",
                    model,
                    AttemptOutcome.Answered,
                    null,
                    new TokenCounts(1200, 300, 0, 0, 80, 10),
                    estimated,
                    new NanoDollars(nano),
                    true,
                    TimeSpan.FromSeconds(1.4),
                    null,
                    false
                ),
            ]
        );
    }
}
