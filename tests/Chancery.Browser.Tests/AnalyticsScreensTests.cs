using System.Net.Http.Json;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Database;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>The page of figures that change while one looks.</summary>
public sealed class AnalyticsScreensTests(BrowserFixture browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Figures_are_drawn_change_by_themselves_and_are_told_as_tables()
    {
        var owner = await browser.SignUpAsync("Northwind Legal");
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        await page.GetByRole(AriaRole.Button, new() { Name = "Account of Olga Owner" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Analytics" }).ClickAsync();
        await page.ArrivesAtAsync("**/analytics**");
        await page.GetByText("Nothing was asked of a model in this time").WaitForAsync();
        await page.GetByText("Live", new() { Exact = true }).WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("analytics-empty");

        await AnswerAsync(owner, "small-model");
        await AnswerAsync(owner, "<img src=x onerror=alert(1)>");
        using var searched = await owner.Http.PostAsJsonAsync(
            "/api/v1/search",
            new { query = "notice period" },
            Cancel
        );
        searched.EnsureSuccessStatusCode();
        // Nobody asks for it: it comes.
        var models = page.Locator("#by-model");
        await models.GetByRole(AriaRole.Rowheader, new() { Name = "small-model" }).WaitForAsync();
        await page.Locator("#by-person").GetByRole(AriaRole.Rowheader, new() { Name = "You" }).WaitForAsync();
        await page.Locator("#questions").GetByText("notice period").WaitForAsync();
        await page.Locator("#series").GetByText("The figures", new() { Exact = true }).ClickAsync();
        await AnswerAsync(owner, "small-model");
        await Assertions
            .Expect(models.GetByRole(AriaRole.Row).Filter(new() { HasText = "small-model" }))
            .ToContainTextAsync("2");
        // What was opened stays open when figures are drawn anew.
        Assert.True(await page.Locator("#series table").IsVisibleAsync());
        await visit.AssertGoodInEveryLookAsync("analytics");

        await page.GetByLabel("Messages over").SelectOptionAsync("year");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Messages by month" }).WaitForAsync();
        await page.WaitForURLAsync("**/analytics?range=year");
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Without_Redis_the_page_says_so_and_without_an_answer_it_tries_again()
    {
        var owner = await browser.SignUpAsync("Northwind Legal");
        var figures = await owner.Http.GetStringAsync("/api/v1/analytics?range=hour", Cancel);
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        visit.Expect("net::ERR_FAILED");
        await page.RouteAsync("**/api/v1/analytics/live**", route => route.AbortAsync());
        await page.RouteAsync(
            "**/api/v1/analytics?**",
            route =>
                route.FulfillAsync(
                    new()
                    {
                        ContentType = "application/json",
                        Body = figures.Replace(
                            "\"is_redis_available\":true",
                            "\"is_redis_available\":false",
                            StringComparison.Ordinal
                        ),
                    }
                )
        );
        await page.GotoAsync("/analytics");
        await page.GetByText("Redis cannot be reached").WaitForAsync();
        await page.GetByText("Not live; connecting again…").WaitForAsync();
        await visit.AssertGoodScreenAsync("analytics-redis-gone");

        await page.UnrouteAllAsync();
        await page.RouteAsync("**/api/v1/analytics**", route => route.AbortAsync());
        await page.ReloadAsync();
        await page.GetByText("Check the connection and try again.").WaitForAsync();
        await visit.AssertGoodScreenAsync("analytics-error");
        // By itself the page goes on as soon as the server says that it lives, and the button is gone.
        await page.RouteAsync("**/health/live", route => route.AbortAsync());
        await page.RouteAsync("**/api/v1/analytics**", route => route.ContinueAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Try again" }).ClickAsync();
        await page.GetByText("Live", new() { Exact = true }).WaitForAsync();
        await page.UnrouteAllAsync();
    }

    private async Task AnswerAsync(TestUser user, string model)
    {
        var ledger = browser.Services.GetRequiredService<UsageLedger>();
        var outcome = await ledger.ReserveAsync(
            new ReservationRequest(
                Guid.CreateVersion7(),
                new Payer(new TenantId(user.TenantId), user.UserId, null),
                new UsagePurpose(UsageComponent.Chat, "answer"),
                model,
                new NanoDollars(1_234_567),
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
                    false,
                    new NanoDollars(1_234_567),
                    true,
                    TimeSpan.FromSeconds(1.4),
                    null,
                    false
                ),
            ]
        );
    }
}
