using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>What becomes of an organisation: made, exported, imported, opened by break-glass, erased.</summary>
public sealed class LifeCycleScreensTests(BrowserFixture browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_operator_makes_an_organisation_and_its_owner_comes_in_by_the_link()
    {
        var word = $"Mole {Guid.CreateVersion7().ToString("n")[^5..]}";
        await browser.SignUpAsync();
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await page.GotoAsync("/operator/organizations");
        await page.GetByRole(AriaRole.Row).Nth(1).WaitForAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "New organisation…" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync(word);
        await page.GetByLabel("E-mail of its owner")
            .FillAsync($"{word.Replace(' ', '-').ToLowerInvariant()}@example.com");
        await page.GetByLabel("Plan").SelectOptionAsync("FREE");
        await visit.AssertGoodInEveryLookAsync("operator-create");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make it" }).ClickAsync();
        await page.GetByText($"{word} waits for its owner.").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("operator-created");
        var first = await page.GetByLabel("Link for the owner").InputValueAsync();

        var row = await FindAsync(page, word);
        await ChooseAsync(page, row, "Invite its owner…");
        await page.GetByLabel("E-mail of its owner")
            .FillAsync($"{word.Replace(' ', '-').ToLowerInvariant()}@example.com");
        await visit.AssertGoodScreenAsync("operator-invite-owner");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make a link" }).ClickAsync();
        await page.GetByText($"{word} waits for its owner.").WaitForAsync();
        var link = await page.GetByLabel("Link for the owner").InputValueAsync();
        Assert.NotEqual(first, link);

        await page.GotoAsync(new Uri(link).PathAndQuery);
        await page.GetByLabel("Password").FillAsync("another long password");
        await page.GetByRole(AriaRole.Button, new() { Name = "Join" }).ClickAsync();
        await page.WaitForURLAsync(url => !url.Contains("/invite", StringComparison.Ordinal));
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task An_operator_exports_an_organisation_and_is_told_why_an_archive_does_not_come_in()
    {
        var word = $"Quay {Guid.CreateVersion7().ToString("n")[^5..]}";
        await browser.SignUpAsync(word);
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        var row = await FindAsync(page, word);

        visit.Expect("status of 4");
        await ExportAsync();
        // Content is behind the glass: the dialog stays, and says so.
        await page.GetByText("open an access by break-glass first").WaitForAsync();
        await visit.AssertGoodScreenAsync("operator-export-refused");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await ChooseAsync(page, row, "Open by break-glass…");
        await page.GetByLabel("Why").FillAsync("They move to a server of their own");
        await page.GetByRole(AriaRole.Button, new() { Name = "Open it" }).ClickAsync();
        await page.GetByText("It is shown only now.").WaitForAsync();

        // Cancelled while the server takes its time: nothing is saved, and the request is let go.
        var stopped = new TaskCompletionSource();
        await page.RouteAsync("**/export", async _ => await stopped.Task);
        await ExportAsync();
        await page.GetByText("It is being written. Cancel stops it.").WaitForAsync();
        var let = new TaskCompletionSource<string>();
        page.RequestFailed += (_, request) => let.TrySetResult(request.Url);
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        Assert.EndsWith(
            "/export",
            await let.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancel),
            StringComparison.Ordinal
        );
        await page.GetByText("The export was stopped.").WaitForAsync();
        stopped.SetResult();
        await page.UnrouteAllAsync();

        await ChooseAsync(page, row, "Export…");
        await page.GetByLabel("Passphrase").FillAsync("a long passphrase for the test");
        await page.GetByLabel("Reason").FillAsync("They move to a server of their own");
        await Assertions
            .Expect(page.GetByLabel("Passphrase"))
            .ToHaveAccessibleDescriptionAsync(
                "12 characters at least. Without it nobody can read the archive, you neither."
            );
        await visit.AssertGoodInEveryLookAsync("operator-export");
        var download = await page.RunAndWaitForDownloadAsync(() =>
            page.GetByRole(AriaRole.Button, new() { Name = "Export it" }).ClickAsync()
        );
        var archive = await download.PathAsync();
        Assert.EndsWith(".chancery", download.SuggestedFilename, StringComparison.Ordinal);
        await page.GetByText($"{word} is exported.").WaitForAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Import…" }).ClickAsync();
        await page.GetByLabel("Archive").SetInputFilesAsync(archive);
        await page.GetByLabel("Passphrase").FillAsync("a long passphrase for the test");
        await visit.AssertGoodScreenAsync("operator-import");
        await page.GetByRole(AriaRole.Button, new() { Name = "Import it" }).ClickAsync();
        await page.GetByText("is on this installation already").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("operator-import-refused");

        async Task ExportAsync()
        {
            await ChooseAsync(page, row, "Export…");
            await page.GetByLabel("Passphrase").FillAsync("a long passphrase for the test");
            await page.GetByLabel("Reason").FillAsync("They move to a server of their own");
            await page.GetByRole(AriaRole.Button, new() { Name = "Export it" }).ClickAsync();
        }
    }

    [Fact]
    public async Task What_the_operator_opened_is_seen_and_ended_by_an_owner()
    {
        var word = $"Pier {Guid.CreateVersion7().ToString("n")[^5..]}";
        var olga = await browser.SignUpAsync(word);
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        var row = await FindAsync(page, word);

        await ChooseAsync(page, row, "Open by break-glass…");
        await page.GetByLabel("Why").FillAsync("Ticket 4711: search does not find the handbook");
        await Assertions.Expect(page.GetByLabel("Why")).ToHaveAccessibleDescriptionAsync("They read this.");
        await visit.AssertGoodInEveryLookAsync("operator-break-glass");
        await page.GetByRole(AriaRole.Button, new() { Name = "Open it" }).ClickAsync();
        await page.GetByText("It is shown only now.").WaitForAsync();
        await visit.AssertGoodScreenAsync("operator-break-glass-token");

        await visit.SignInAsync(olga);
        await page.GotoAsync("/settings#life-cycle-section");
        await page.GetByText("Ticket 4711").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("settings-operator-access");
        await page.GetByRole(AriaRole.Button, new() { Name = "End it: the access of" }).ClickAsync();
        await page.GetByText("The operator reads here no more.").WaitForAsync();
        await page.GetByText("by you").WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task An_operator_orders_that_a_suspended_organisation_is_erased_and_takes_it_back()
    {
        var word = $"Dock {Guid.CreateVersion7().ToString("n")[^5..]}";
        await browser.SignUpAsync(word);
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        var row = await FindAsync(page, word);
        await ChooseAsync(page, row, "Suspend…");
        await page.GetByRole(AriaRole.Button, new() { Name = "Suspend it" }).ClickAsync();
        await row.GetByText("suspended", new() { Exact = true }).WaitForAsync();

        await ChooseAsync(page, row, "Erase…");
        await page.GetByLabel("Its name, typed again").FillAsync(word);
        await visit.AssertGoodInEveryLookAsync("operator-erase");
        await page.GetByRole(AriaRole.Button, new() { Name = "Erase it" }).ClickAsync();
        await page.GetByText($"{word} is erased from").WaitForAsync();

        await ChooseAsync(page, row, "Erasures and receipts…");
        await page.GetByText(", begins ").WaitForAsync();
        await visit.AssertGoodScreenAsync("operator-erasures");
        await page.GetByRole(AriaRole.Button, new() { Name = "Take the order back" }).ClickAsync();
        await page.GetByText($"{word} is not erased.").WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Receipts_of_organisations_that_are_gone_are_listed_page_by_page_and_saved()
    {
        var word = $"Mole {Guid.CreateVersion7().ToString("n")[^5..]}";
        var olga = await browser.SignUpAsync(word);
        using var machine = browser.Anonymous();
        using (await machine.PostAsync($"/operator/tenants/{olga.TenantId}/suspend", null, Cancel)) { }
        var order = await machine.PostAsJsonAsync(
            $"/operator/tenants/{olga.TenantId}/erase",
            new { name = word, backups_kept_days = 30 },
            Cancel
        );
        Assert.True(order.IsSuccessStatusCode);
        for (
            var second = 0;
            !(await machine.GetStringAsync(order.Headers.Location, Cancel)).Contains(
                "\"done\"",
                StringComparison.Ordinal
            );
            second++
        )
        {
            Assert.True(second < 60, "It is not erased.");
            // It waits for what is on its way: here nothing is.
            await ExecuteAsync("UPDATE work_items SET run_after = now() WHERE kind = 'erase-organization'");
            await Task.Delay(1000, Cancel);
        }

        // Orders of long ago that were taken back: more than a page of them.
        await ExecuteAsync(
            """
            INSERT INTO erasure_receipts (erasure_id, organization_id, name_hash, state, ordered_by_kind, ordered_at, begins_at, ended_at)
            SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, gen_random_uuid(), '', 'cancelled', 'owner',
                   now() - interval '1 year', now() - interval '1 year', now() - interval '1 year'
            FROM generate_series(1, 60) AS n
            ON CONFLICT DO NOTHING
            """
        );
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;

        await page.GotoAsync("/operator/erasure-list");
        var rows = page.GetByRole(AriaRole.Row);
        await Assertions.Expect(rows).ToHaveCountAsync(51);
        await page.GetByRole(AriaRole.Button, new() { Name = "Show more" }).ClickAsync();
        await Assertions.Expect(rows).Not.ToHaveCountAsync(51);
        await page.GetByLabel("Id of the organisation").FillAsync($"{olga.TenantId}");
        await Assertions.Expect(rows).ToHaveCountAsync(2);
        await page.GetByText("made before").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("operator-erasure-list");

        var download = await page.RunAndWaitForDownloadAsync(() =>
            page.GetByRole(AriaRole.Button, new() { Name = $"Receipt of {olga.TenantId}" }).ClickAsync()
        );
        Assert.Equal($"erasure-{olga.TenantId}.json", download.SuggestedFilename);
        var saved = JsonSerializer.Deserialize<JsonElement>(
            await File.ReadAllTextAsync(await download.PathAsync(), Cancel)
        );
        Assert.Equal(3, saved.GetProperty("receipt").GetString()!.Split('.').Length);

        await page.GetByLabel("Id of the organisation").FillAsync("nowhere");
        await page.GetByText("No erasure of such an organisation").WaitForAsync();
        await visit.AssertGoodScreenAsync("operator-erasure-list-none");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show all" }).ClickAsync();
        await Assertions.Expect(rows).ToHaveCountAsync(51);
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task An_owner_has_the_organisation_erased_in_a_week_and_takes_it_back()
    {
        var word = $"Slip {Guid.CreateVersion7().ToString("n")[^5..]}";
        var olga = await browser.SignUpAsync(word);
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(olga);
        await page.GotoAsync("/settings#erasure-section");
        await page.GetByText("The operator never opened your documents.").WaitForAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Erase the organisation…" }).ClickAsync();
        await page.GetByLabel("The organisation’s name, typed again").FillAsync(word);
        await visit.AssertGoodScreenAsync("settings-erase");
        await page.GetByRole(AriaRole.Button, new() { Name = "Erase it in seven days" }).ClickAsync();
        await page.GetByText("is going to be erased for good on").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("settings-erasure-ordered");
        await page.GetByRole(AriaRole.Button, new() { Name = "Take it back" }).ClickAsync();
        await page.GetByText("The organisation stays.").WaitForAsync();
        visit.AssertNoComplaint();
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = browser.Owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static async Task<ILocator> FindAsync(IPage page, string name)
    {
        await page.GotoAsync("/operator/organizations");
        await page.GetByRole(AriaRole.Row).Nth(1).WaitForAsync();
        await page.GetByLabel("Name or id").FillAsync(name);
        await page.WaitForURLAsync($"**/operator/organizations?q={Uri.EscapeDataString(name)}");
        var row = page.GetByRole(AriaRole.Row).Filter(new() { HasText = name });
        await Assertions.Expect(page.GetByRole(AriaRole.Row)).ToHaveCountAsync(2);
        return row;
    }

    private static async Task ChooseAsync(IPage page, ILocator row, string what)
    {
        await row.GetByRole(AriaRole.Button).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = what }).ClickAsync();
    }
}
