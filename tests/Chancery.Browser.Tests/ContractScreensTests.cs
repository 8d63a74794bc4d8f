using System.IO.Compression;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Testing;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>The screens of contracts: the list, a draft being written, the editor, the revisions.</summary>
public sealed class ContractScreensTests(BrowserFixture browser)
{
    private const string Nda = "A mutual NDA between Acme GmbH and Beta Ltd under German law for two years";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lawyer_drafts_edits_asks_for_a_change_compares_and_takes_a_redline_away()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignUpAsync("Northwind Legal");

        await page.GetByRole(AriaRole.Link, new() { Name = "Contracts", Exact = true }).ClickAsync();
        await page.GetByText("No contracts yet").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("contracts-empty");
        await page.GetByRole(AriaRole.Link, new() { Name = "Draft a contract" }).ClickAsync();
        await page.GetByLabel("What is it to be?").FillAsync(Nda);
        await page.GetByText("Say more exactly").ClickAsync();
        await visit.AssertGoodInEveryLookAsync("contract-new", whole: true);
        await page.GetByRole(AriaRole.Button, new() { Name = "Draft it" }).ClickAsync();

        await page.Locator(".paper .clause").First.WaitForAsync();
        await page.Locator(".notice.notes").GetByText("No language model wrote this").WaitForAsync();
        await page.Locator(".side-tabs .count").First.WaitForAsync();
        await page.Locator(".outline a").Nth(1).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Built on" }).WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("contract-editor");

        // By hand, in its place.
        var clause = page.Locator(".clause")
            .Filter(new() { HasText = "makes Confidential Information available" })
            .First;
        await clause.HoverAsync();
        await clause.GetByRole(AriaRole.Button, new() { Name = "Edit" }).ClickAsync();
        var text = page.GetByRole(AriaRole.Textbox, new() { Name = "Text" });
        await text.FillAsync("“Discloser” means the party that hands Confidential Information over;");
        await visit.AssertGoodScreenAsync("contract-editing");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
        await page.GetByText("Saved as revision 2.").WaitForAsync();
        await page.Locator(".clause").Filter(new() { HasText = "hands Confidential Information over" }).WaitForAsync();

        // Asked for, looked at, accepted.
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask for a change", Exact = true }).ClickAsync();
        await page.GetByLabel("What is to change?").FillAsync("replace \"hands\" with \"passes\"");
        await visit.AssertGoodScreenAsync("contract-ask");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show the change" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Proposed change" }).WaitForAsync();
        Assert.Equal("hands", await page.Locator(".change .diff del").InnerTextAsync());
        Assert.Equal("passes", await page.Locator(".change .diff ins").InnerTextAsync());
        await visit.AssertGoodInEveryLookAsync("contract-preview");
        await page.GetByRole(AriaRole.Button, new() { Name = "Accept" }).ClickAsync();
        await page.GetByText("Accepted as revision 3.").WaitForAsync();
        await page.Locator(".clause").Filter(new() { HasText = "passes Confidential Information over" }).WaitForAsync();

        // Said of a clause, settled.
        clause = page.Locator(".clause").Filter(new() { HasText = "passes Confidential Information over" }).First;
        await clause.HoverAsync();
        await clause.GetByRole(AriaRole.Button, new() { Name = "About clause" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Comment", Exact = true }).ClickAsync();
        await page.Keyboard.TypeAsync("Is this enough, @olg");
        await page.GetByRole(AriaRole.Option, new() { Name = "Olga Owner" }).WaitForAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("Control+Enter");
        await page.Locator(".comment .mention").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("contract-comments");
        await page.GetByRole(AriaRole.Button, new() { Name = "Settle the thread" }).ClickAsync();
        await page.GetByText("What was said here is settled.").WaitForAsync();

        // What checks find is shown where it stands.
        await page.GetByRole(AriaRole.Tab, new() { Name = "Checks" }).ClickAsync();
        await page.Locator(".finding").First.WaitForAsync();
        await visit.AssertGoodScreenAsync("contract-checks");
        await page.Locator(".finding").First.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        await page.Locator(".clause.current mark").WaitForAsync();

        // The line of time.
        await page.GetByRole(AriaRole.Link, new() { Name = "Revisions", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Revision 3" }).WaitForAsync();
        await page.Locator(".diff ins").WaitForAsync();
        await page.Locator("#from").SelectOptionAsync("1");
        await page.GetByText("1 clause changed").WaitForAsync();
        Assert.Contains(
            "replace \"hands\" with \"passes\"",
            await page.Locator(".revision").First.InnerTextAsync(),
            StringComparison.Ordinal
        );
        await visit.AssertGoodInEveryLookAsync("contract-revisions");
        await page.GetByLabel("Side by side").CheckAsync();
        await page.Locator(".diff.in-sides").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("contract-sides");
        await page.GetByRole(AriaRole.Button, new() { Name = "Export" }).ClickAsync();
        var download = await page.RunAndWaitForDownloadAsync(() =>
            page.GetByRole(AriaRole.Menuitem, new() { Name = "Word with tracked changes, 1 to 3" }).ClickAsync()
        );
        Assert.EndsWith("r1-r3.docx", download.SuggestedFilename, StringComparison.Ordinal);
        using (var redline = ZipFile.OpenRead(await download.PathAsync()))
        using (var words = new StreamReader(redline.GetEntry("word/document.xml")!.Open()))
        {
            var xml = await words.ReadToEndAsync(Cancel);
            Assert.Contains("w:del ", xml, StringComparison.Ordinal);
            Assert.Contains("passes", xml, StringComparison.Ordinal);
        }

        await page.GetByRole(AriaRole.Button, new() { Name = "Restore revision 1" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Restore" }).ClickAsync();
        await page.GetByText("Revision 1 is the latest again, as revision 4.").WaitForAsync();

        // Listed, deleted, and back.
        await page.GotoAsync("/contracts");
        await page.GetByText("1 contract", new() { Exact = true }).WaitForAsync();
        await page.GetByText("Acme GmbH · Beta Ltd").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("contracts-list");
        await page.Locator(".agreement .row-actions button").ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Delete" }).ClickAsync();
        await page.GetByText("No contracts yet").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await page.GetByText("Acme GmbH · Beta Ltd").WaitForAsync();
        await page.Locator("#q").FillAsync("gamma");
        await page.GetByText("No contract matches").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Show all" }).ClickAsync();
        await page.Locator("#filter-status").SelectOptionAsync("agreed");
        await page.GetByText("No contract matches").WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Both_texts_of_a_conflict_are_shown_and_what_was_typed_outlives_it_and_a_reload()
    {
        var owner = await browser.SignUpAsync("Conflicting");
        var id = await DraftAsync(owner);
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        await page.GotoAsync($"/contracts/{id}");
        var clause = page.Locator(".clause")
            .Filter(new() { HasText = "makes Confidential Information available" })
            .First;
        await clause.DblClickAsync();
        var text = page.GetByRole(AriaRole.Textbox, new() { Name = "Text" });
        await text.FillAsync("Mine: <b>the Discloser</b>");
        page.Dialog += (_, dialog) => dialog.AcceptAsync();
        await page.ReloadAsync();
        Assert.Equal("Mine: <b>the Discloser</b>", await text.InputValueAsync());

        var contract = await owner.Http.GetFromJsonAsync<JsonElement>($"/api/v1/contracts/{id}", Cancel);
        var edited = contract
            .GetProperty("clauses")
            .EnumerateArray()
            .Single(one =>
                one.GetProperty("text")
                    .GetString()!
                    .Contains("makes Confidential Information available", StringComparison.Ordinal)
            );
        var edits = new[]
        {
            new
            {
                op = "replace_text",
                clause = edited.GetProperty("id").GetGuid(),
                text = "Theirs: somebody else’s words",
            },
        };
        using var response = await owner.Http.PostAsJsonAsync($"/api/v1/contracts/{id}/edits", new { edits }, Cancel);
        Assert.True(response.IsSuccessStatusCode);

        visit.Expect("409 (Conflict)");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
        await page.GetByText("Somebody changed the same words meanwhile").WaitForAsync();
        await page.Locator(".conflict-words")
            .Filter(new() { HasText = "Theirs: somebody else’s words" })
            .WaitForAsync();
        await page.Locator(".conflict-words").Filter(new() { HasText = "Mine: <b>the Discloser</b>" }).WaitForAsync();
        Assert.Equal("Mine: <b>the Discloser</b>", await text.InputValueAsync());
        await visit.AssertGoodInEveryLookAsync("contract-conflict");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save mine over it" }).ClickAsync();
        await page.GetByText("Saved as revision 3.").WaitForAsync();
        await page.GetByText("Mine: <b>the Discloser</b>").WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Parties_and_readers_are_set_where_the_contract_is_read()
    {
        var owner = await browser.SignUpAsync("Contracting");
        var id = await DraftAsync(owner);
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        await page.GotoAsync($"/contracts/{id}");

        await page.GetByRole(AriaRole.Button, new() { Name = "Details" }).ClickAsync();
        await page.GetByLabel("Party 2").FillAsync("Gamma <i>SA</i>");
        await page.GetByRole(AriaRole.Button, new() { Name = "Another party" }).ClickAsync();
        await page.Keyboard.TypeAsync("Delta AB");
        await page.Locator("#party-3-role").FillAsync("Guarantor");
        await visit.AssertGoodInEveryLookAsync("contract-details");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await page.GetByText("Saved as revision 2.").WaitForAsync();
        await page.Locator(".paper").GetByText("Gamma <i>SA</i>").First.WaitForAsync();
        var parties = (await owner.Http.GetFromJsonAsync<JsonElement>($"/api/v1/contracts/{id}", Cancel))
            .GetProperty("parties")
            .EnumerateArray()
            .ToArray();
        Assert.Equal(
            ["Acme GmbH", "Gamma <i>SA</i>", "Delta AB"],
            parties.Select(party => party.GetProperty("name").GetString())
        );
        Assert.Equal("Guarantor", parties[2].GetProperty("role").GetString());

        await page.GetByRole(AriaRole.Button, new() { Name = "More about this contract" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Who may read it" }).ClickAsync();
        await page.GetByText("Everybody in the organisation").WaitForAsync();
        await page.GetByLabel("Only these").CheckAsync();
        await visit.AssertGoodInEveryLookAsync("contract-access");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await page.GetByText("Saved. It holds from now on.").WaitForAsync();
        var access = await owner.Http.GetFromJsonAsync<JsonElement>($"/api/v1/contracts/{id}/access", Cancel);
        Assert.True(access.GetProperty("is_restricted").GetBoolean());
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task A_list_that_cannot_be_read_a_contract_that_is_not_there_and_a_refused_draft_say_so()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignUpAsync("Failing");
        visit.Expect("500 (Internal");
        visit.Expect("404 (Not Found)");
        visit.Expect("422 (Unprocessable");
        await page.RouteAsync(
            "**/api/v1/contracts?*",
            route =>
                route.FulfillAsync(new() { Status = 500, Body = """{"title":"x","detail":"Try again in a moment."}""" })
        );
        await page.GotoAsync("/contracts");
        await page.GetByText("Try again in a moment.").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("contracts-error");
        await page.UnrouteAllAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Try again" }).ClickAsync();
        await page.GetByText("No contracts yet").WaitForAsync();

        await page.GotoAsync($"/contracts/{Guid.CreateVersion7()}");
        await page.GetByText("This contract is not there").WaitForAsync();
        await visit.AssertGoodScreenAsync("contract-missing");
        await page.GotoAsync($"/contracts/{Guid.CreateVersion7()}/revisions");
        await page.GetByText("This contract is not there").WaitForAsync();

        // What was asked for is still there when it was refused, and after a reload.
        await page.GotoAsync("/contracts/new");
        await page.GetByRole(AriaRole.Button, new() { Name = "Draft it" }).ClickAsync();
        await page.GetByText("Say what the contract is to be.").WaitForAsync();
        await page.GetByLabel("What is it to be?").FillAsync("Something");
        await page.RouteAsync(
            "**/api/v1/contracts",
            route =>
                route.FulfillAsync(
                    new() { Status = 500, Body = """{"title":"x","detail":"The drafter is resting."}""" }
                )
        );
        await page.GetByRole(AriaRole.Button, new() { Name = "Draft it" }).ClickAsync();
        await page.GetByText("The drafter is resting.").WaitForAsync();
        await page.ReloadAsync();
        Assert.Equal("Something", await page.GetByLabel("What is it to be?").InputValueAsync());
        await page.Locator("#file")
            .SetInputFilesAsync(
                new FilePayload
                {
                    Name = "lease.exe",
                    MimeType = "application/octet-stream",
                    Buffer = [1],
                }
            );
        await page.GetByRole(AriaRole.Button, new() { Name = "Import" }).ClickAsync();
        await page.GetByText("Files of this kind (.exe) cannot be read.").WaitForAsync();
        await page.Locator("#file")
            .SetInputFilesAsync(
                Visit.TextFile("lease.md", "# Lease\n\n1. Rent\n\nThe rent is due monthly.\n\n2. Term\n\nOne year.\n")
            );
        await page.GetByRole(AriaRole.Button, new() { Name = "Import" }).ClickAsync();
        await page.GetByText("The rent is due monthly.").WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task A_draft_is_watched_clause_by_clause_and_goes_on_after_a_reload()
    {
        const string events = """
            event: sources
            id: 1
            data: {"sources":[]}

            event: outline
            id: 2
            data: {"title":"Mutual Non-Disclosure Agreement","headings":["Purpose","Duty of confidence","Term"]}

            event: clause
            id: 3
            data: {"number":1,"of":3,"heading":"Purpose","text":"The parties wish to talk about a joint product.\nThis agreement protects what they say."}


            """;
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignUpAsync("Watching");
        // What a model would have written by now; then the connection breaks, again and again.
        await page.RouteAsync(
            "**/contract-operations/*/events",
            route => route.FulfillAsync(new() { ContentType = "text/event-stream", Body = events })
        );
        await page.GotoAsync("/contracts/new");
        await page.GetByLabel("What is it to be?").FillAsync(Nda);
        await page.GetByRole(AriaRole.Button, new() { Name = "Draft it" }).ClickAsync();
        await page.GetByText("1 of 3 clauses").WaitForAsync();
        Assert.Equal(3, await page.Locator(".being-written li").CountAsync());
        await page.GetByText("This agreement protects what they say.").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("contract-drafting");
        await page.ReloadAsync();
        await page.GetByText("1 of 3 clauses").WaitForAsync();
        await page.GetByText(Nda).WaitForAsync();

        // It is taken up after the last event that arrived, and ends in the editor.
        var asked = page.WaitForRequestAsync(request =>
            request.Url.EndsWith("/events", StringComparison.Ordinal)
            && request.Headers.GetValueOrDefault("last-event-id") == "3"
        );
        await page.UnrouteAllAsync();
        await asked;
        await page.Locator(".paper .clause").First.WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Theory]
    [InlineData(Visit.Wide)]
    [InlineData(Visit.Narrow)]
    public async Task Reading_editing_and_deciding_take_only_keys(int width)
    {
        var owner = await browser.SignUpAsync("Keys of contracts");
        var id = await DraftAsync(owner);
        await using var visit = await browser.VisitAsync(width);
        var page = visit.Page;
        var keys = page.Keyboard;
        await visit.SignInAsync(owner);
        await page.GotoAsync("/contracts");
        await page.Locator(".agreement a.title").FocusAsync();
        await keys.PressAsync("Enter");
        await page.Locator(".side-tabs .count")
            .First.Or(page.Locator(".badge"))
            .First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await page.Locator(".clause .clause-tools [aria-haspopup]").Nth(1).FocusAsync();
        await keys.PressAsync("Enter");
        await page.GetByRole(AriaRole.Menu).WaitForAsync();
        await PressUntilAsync(page, "ArrowDown", "() => document.activeElement.textContent === 'Edit'");
        await keys.PressAsync("Enter");
        await page.WaitForFunctionAsync("() => document.activeElement?.tagName === 'TEXTAREA'");
        await keys.PressAsync("Control+A");
        await keys.TypeAsync("These words come from keys.");
        await keys.PressAsync("Control+Enter");
        await page.GetByText("Saved as revision 2.").WaitForAsync();
        await page.WaitForFunctionAsync(
            "() => document.activeElement.closest('.clause')?.textContent.includes('These words come from keys.')"
        );

        await page.Locator("#ask-change").FocusAsync();
        await keys.PressAsync("Enter");
        await page.WaitForFunctionAsync("() => document.activeElement?.id === 'change-instruction'");
        await keys.TypeAsync("replace \"come from\" with \"came by\"");
        await keys.PressAsync("Tab");
        await PressUntilAsync(page, "Tab", "() => document.activeElement.textContent === 'Show the change'");
        await keys.PressAsync("Enter");
        await page.WaitForFunctionAsync(
            "() => document.activeElement?.id === 'change-title' && document.activeElement.textContent === 'Proposed change'"
        );
        await PressUntilAsync(page, "Tab", "() => document.activeElement.textContent === 'Reject'");
        await keys.PressAsync("Enter");
        await page.GetByText("Rejected. The contract stays as it is.").WaitForAsync();
        Assert.Equal("ask-change", await page.EvaluateAsync<string>("() => document.activeElement.id"));
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Hostile_titles_parties_and_clauses_are_text_and_nothing_else()
    {
        const string hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>";
        var owner = await browser.SignUpAsync("Hostile contracts");
        var id = await DraftAsync(owner);
        var contract = await owner.Http.GetFromJsonAsync<JsonElement>($"/api/v1/contracts/{id}", Cancel);
        var first = contract.GetProperty("clauses")[1].GetProperty("id").GetGuid();
        var edits = new object[]
        {
            new
            {
                op = "set_field",
                field = "title",
                value = hostile,
            },
            new
            {
                op = "set_field",
                field = "parties",
                parties = new[] { new { name = hostile, role = hostile } },
            },
            new
            {
                op = "replace_heading",
                clause = first,
                heading = hostile,
            },
            new
            {
                op = "replace_text",
                clause = first,
                text = hostile + " " + new string('w', 3000) + " \u202Egnp.exe",
            },
        };
        using var response = await owner.Http.PostAsJsonAsync(
            $"/api/v1/contracts/{id}/edits",
            new { edits, note = hostile },
            Cancel
        );
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancel));
        using var comment = await owner.Http.PostAsJsonAsync(
            $"/api/v1/contracts/{id}/comments",
            new { text = hostile, clause_id = first },
            Cancel
        );
        Assert.True(comment.IsSuccessStatusCode);

        await using var visit = await browser.VisitAsync(Visit.Narrow);
        var page = visit.Page;
        await visit.SignInAsync(owner);
        await page.GotoAsync("/contracts");
        Assert.Equal(hostile, await page.Locator(".agreement .title").TextContentAsync());
        await visit.AssertGoodScreenAsync("contracts-hostile");
        await page.GotoAsync($"/contracts/{id}");
        Assert.Equal(hostile, await page.Locator(".paper h1").TextContentAsync());
        await page.Locator(".badge.chat").ClickAsync();
        Assert.Equal(hostile, await page.Locator(".comment-text").TextContentAsync());
        await visit.AssertGoodScreenAsync("contract-hostile");
        await page.GotoAsync($"/contracts/{id}/revisions");
        await page.Locator(".diff ins").First.WaitForAsync();
        await visit.AssertGoodScreenAsync("contract-hostile-revisions");
        Assert.Equal(0, await page.Locator("main img, main script").CountAsync());
        visit.AssertNoComplaint();
    }

    private static async Task PressUntilAsync(IPage page, string key, string isThere)
    {
        for (var i = 0; i < 40; i++)
        {
            await page.Keyboard.PressAsync(key);
            if (await page.EvaluateAsync<bool>(isThere))
            {
                return;
            }
        }

        Assert.Fail($"{key} does not lead there: {isThere}");
    }

    private static async Task<Guid> DraftAsync(TestUser user)
    {
        using var response = await user.Http.PostAsJsonAsync("/api/v1/contracts", new { instruction = Nda }, Cancel);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancel));
        var contract = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        return contract.GetProperty("contract").GetProperty("id").GetGuid();
    }
}
