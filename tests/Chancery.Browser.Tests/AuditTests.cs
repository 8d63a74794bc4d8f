using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>The page of who did what.</summary>
public sealed class AuditTests(BrowserFixture browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_record_is_searched_opened_watched_exported_and_checked()
    {
        var owner = await browser.SignUpAsync("Northwind Legal");
        await browser.InviteAsync(owner, "editor");
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        await page.GetByRole(AriaRole.Button, new() { Name = "Account of Olga Owner" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Audit" }).ClickAsync();
        await page.ArrivesAtAsync("**/audit**");
        await page.GetByText("Organization created").WaitForAsync();
        await page.GetByText("Member joined").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("audit-list");

        // By keyboard alone.
        var first = page.GetByRole(AriaRole.Button, new() { Name = "Details of entry 1", Exact = true });
        await first.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("organization.created").WaitForAsync();
        Assert.Equal("true", await first.GetAttributeAsync("aria-expanded"));
        await visit.AssertGoodInEveryLookAsync("audit-details");

        await page.Locator("#action").SelectOptionAsync("member.");
        await page.GetByText("1 entry", new() { Exact = true }).WaitForAsync();
        Assert.Contains("action=member.", page.Url, StringComparison.Ordinal);
        Assert.Contains(
            "action=member.",
            await page.Locator("#export").GetAttributeAsync("href"),
            StringComparison.Ordinal
        );
        await page.Locator("#text").FillAsync("nobody at all");
        await page.GetByText("No entry matches").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("audit-nothing-matches");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show all" }).ClickAsync();
        await page.GetByText("Organization created").WaitForAsync();

        await page.GetByRole(AriaRole.Switch, new() { Name = "Live" }).CheckAsync();
        await page.GetByText("New entries appear on top.").WaitForAsync();
        await owner.Http.PostAsync("/api/v1/samples", null, Cancel);
        await page.GetByText("Samples added").WaitForAsync();
        await page.GetByRole(AriaRole.Switch, new() { Name = "Live" }).UncheckAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Check the record" }).ClickAsync();
        await page.GetByText("The record is whole").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await using (
            var edit = browser.Owner.CreateCommand(
                "UPDATE audit_entries SET action = 'member.left' WHERE tenant_id = $1 AND action = 'member.joined'"
            )
        )
        {
            edit.Parameters.AddWithValue(owner.TenantId);
            Assert.Equal(1, await edit.ExecuteNonQueryAsync(Cancel));
        }

        await page.GetByRole(AriaRole.Button, new() { Name = "Check the record" }).ClickAsync();
        await page.GetByText("The record was tampered with.").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("audit-report");
        visit.AssertNoComplaint();

        visit.Expect("400");
        await page.GotoAsync("/audit?from=2026-11-20&to=2026-11-10");
        await page.GetByText("It is after from.").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("audit-error");
    }

    [Fact]
    public async Task Whoever_may_not_read_the_record_is_told_whom_to_ask()
    {
        var owner = await browser.SignUpAsync("Northwind Legal");
        var editor = await browser.InviteAsync(owner, "editor");
        await using var visit = await browser.VisitAsync();
        await visit.SignInAsync(editor);

        await visit.Page.GotoAsync("/audit");

        await visit.Page.GetByText("The record is for owners and admins").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("audit-not-allowed");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Account of" }).ClickAsync();
        Assert.Equal(0, await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Audit" }).CountAsync());
    }
}
