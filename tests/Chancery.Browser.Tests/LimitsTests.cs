using Chancery.Server.Platform.Redis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>What the pages say of limits.</summary>
public sealed class LimitsTests(BrowserFixture browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_nearest_limit_is_shown_warned_of_and_said_in_the_conversation_when_it_is_reached()
    {
        // The hour in which the questions are counted must not end in the middle.
        var left =
            TimeSpan.FromHours(1)
            - TimeSpan.FromTicks(TimeProvider.System.GetUtcNow().UtcTicks % TimeSpan.TicksPerHour);
        await Task.Delay(left < TimeSpan.FromSeconds(40) ? left : TimeSpan.Zero, Cancel);
        var owner = await browser.SignUpAsync("Limited Legal");
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        await page.GetByText("New conversation").WaitForAsync();
        Assert.False(await page.Locator(".limit-line").Last.IsVisibleAsync());
        Assert.False(await page.Locator("#limit-strip").IsVisibleAsync());

        await PutOnPlanAsync(owner.TenantId);
        await visit.AskAsync("One?");
        await page.Locator(".history")
            .GetByText("4 of 5 questions, searches and uploads of your organisation")
            .WaitForAsync();
        Assert.False(await page.Locator("#limit-strip").IsVisibleAsync());
        foreach (var question in new[] { "Two?", "Three?", "Four?" })
        {
            // The status is remembered for a second.
            await page.WaitForTimeoutAsync(1100);
            await visit.AskAsync(question);
        }

        await page.Locator("#limit-strip").GetByText("80% used: 1 of 5").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("limits-near");
        await page.WaitForTimeoutAsync(1100);
        await visit.AskAsync("Five?");
        await page.Locator("#limit-strip").GetByText("Limit reached: all of 5").WaitForAsync();

        visit.Expect("429");
        await page.Locator("#question").FillAsync("Six?");
        await page.Keyboard.PressAsync("Enter");
        await page.Locator(".turn").Last.GetByText("Rate limit exceeded: your organisation may ask").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("limits-reached");
        await page.GetByRole(AriaRole.Button, new() { Name = "Account of Olga Owner" }).ClickAsync();
        await page.Locator("#account").GetByText("Limit reached").WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task An_owner_says_where_alerts_go_keeps_the_secret_and_tries_it()
    {
        var owner = await browser.SignUpAsync("Alerted Legal");
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        await page.GotoAsync("/settings#alerts-section");
        await page.GetByText("Nobody is told yet.").WaitForAsync();

        visit.Expect("400");
        await page.Locator("#alert-url").FillAsync("http://10.0.0.1/");
        await page.GetByRole(AriaRole.Button, new() { Name = "Tell this address" }).ClickAsync();
        await page.GetByText("A public address that begins with https://").WaitForAsync();
        await page.Locator("#alert-url").FillAsync("https://alerts.invalid/chancery");
        await page.GetByRole(AriaRole.Button, new() { Name = "Tell this address" }).ClickAsync();
        await page.GetByText("It is shown only now.").WaitForAsync();
        Assert.StartsWith(
            "whsec_",
            await page.GetByLabel("Secret of the alerts").InputValueAsync(),
            StringComparison.Ordinal
        );
        await page.GetByRole(AriaRole.Button, new() { Name = "Send a test" }).ClickAsync();
        await page.GetByText("The last one did not arrive just now").WaitForAsync();
        Assert.True(await page.GetByLabel("Secret of the alerts").IsVisibleAsync());
        await visit.AssertGoodInEveryLookAsync("settings-alerts");

        await page.GetByRole(AriaRole.Button, new() { Name = "Stop telling" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Stop telling" }).ClickAsync();
        await page.GetByText("Nobody is told yet.").WaitForAsync();
    }

    private async Task PutOnPlanAsync(Guid tenant)
    {
        await using (
            var command = browser.Owner.CreateCommand(
                """
                WITH made AS (
                  INSERT INTO plans (plan, limits, changed_at) VALUES ('LIMITED', '{"requests_per_hour": 5}', now())
                )
                UPDATE tenants SET plan = 'LIMITED' WHERE tenant_id = @tenant
                """
            )
        )
        {
            command.Parameters.AddWithValue("tenant", tenant);
            await command.ExecuteNonQueryAsync(Cancel);
        }

        await browser.Services.GetRequiredService<RedisGateway>().PublishAsync("chancery:limits", "*");
        await Task.Delay(200, Cancel);
    }
}
