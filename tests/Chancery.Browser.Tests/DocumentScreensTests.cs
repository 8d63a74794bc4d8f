using System.Text.Json;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>The documents side of the page in its several states.</summary>
public sealed class DocumentScreensTests(BrowserFixture browser)
{
    /// <summary>A PNG of one point.</summary>
    private const string Dot =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    /// <summary>Both widths and both themes in two.</summary>
    public static TheoryData<int, ColorScheme> Looks =>
        new() { { Visit.Wide, ColorScheme.Light }, { Visit.Narrow, ColorScheme.Dark } };

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Many_documents_are_found_chosen_and_put_in_order(int width, ColorScheme theme)
    {
        var owner = await browser.SignUpAsync("Northwind Legal");
        var shelf = new Shelf(owner);
        var leases = await shelf.CollectionAsync("Leases");
        await shelf.AddReadAsync("empty.md", " \n", ("title", "Annex without words"));
        await shelf.AddReadAsync("prices.txt", "Filing: 120 EUR.", ("title", "Price list 2026"), ("tags", "finance"));
        await shelf.AddReadAsync(
            "lease.md",
            "# Lease\n\nRent is due.",
            ("title", "Lease of the Oslo office"),
            ("tags", "office, lease"),
            ("collection_id", $"{leases}")
        );
        await shelf.AddReadAsync(
            "handbook.md",
            "# Handbook\n\nBe kind.",
            ("title", "Employee handbook"),
            ("tags", "office")
        );
        await shelf.AddAsync(
            "minutes.md",
            "# Minutes\n\nAll agreed.",
            ("title", "Minutes of the board"),
            ("process", "false")
        );
        await using var visit = await browser.VisitAsync(width, theme);
        var page = visit.Page;
        await visit.SignInAsync(owner);

        await page.GotoAsync("/documents");
        await page.GetByText("5 documents", new() { Exact = true }).WaitForAsync();
        await page.GetByText("1 document is stored and not read yet").WaitForAsync();
        await visit.AssertGoodScreenAsync("documents-list");

        await visit.RefineAsync();
        await page.Locator("#filter-state").SelectOptionAsync("failed");
        await page.GetByText("1 document", new() { Exact = true }).WaitForAsync();
        Assert.EndsWith("?state=failed", page.Url, StringComparison.Ordinal);
        await visit.AssertGoodScreenAsync("documents-filtered");
        await page.Locator("#q").FillAsync("zebra");
        await page.GetByText("No document matches").WaitForAsync();
        await visit.AssertGoodScreenAsync("documents-nothing-matches");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show all" }).ClickAsync();
        await page.GetByText("5 documents", new() { Exact = true }).WaitForAsync();

        await page.Locator("#sort").SelectOptionAsync("title");
        await page.WaitForFunctionAsync(
            "() => document.querySelector('.document .title')?.textContent.startsWith('Annex')"
        );
        await page.GetByLabel("Select Employee handbook").CheckAsync();
        await page.GetByLabel("Select Price list 2026").ClickAsync(new() { Modifiers = [KeyboardModifier.Shift] });
        await page.GetByText("4 documents selected").WaitForAsync();
        await visit.AssertGoodScreenAsync("documents-selected");

        await page.GetByRole(AriaRole.Button, new() { Name = "Move…" }).ClickAsync();
        await page.GetByLabel("To the collection").SelectOptionAsync(new SelectOptionValue { Label = "Leases" });
        await visit.AssertGoodScreenAsync("documents-move");
        await page.GetByRole(AriaRole.Button, new() { Name = "Move", Exact = true }).ClickAsync();
        await page.GetByText("3 documents moved to “Leases”. 1 needed no change.").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await page.GetByText("Taken back for 3 documents.").WaitForAsync();

        await page.GetByLabel("Select Employee handbook").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Add tags…" }).ClickAsync();
        await page.GetByLabel("Tags", new() { Exact = true }).FillAsync("rules, people");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();
        await visit.Row("Employee handbook").GetByText("people", new() { Exact = true }).WaitForAsync();
        await page.GetByLabel("Select Employee handbook").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();
        await page.GetByText("1 document deleted.").WaitForAsync();
        await page.Keyboard.PressAsync("Control+z");
        await visit.Row("Employee handbook").WaitForAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Organise" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Tags…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Rename people" }).WaitForAsync();
        await visit.AssertGoodScreenAsync("documents-tags");
        await page.GetByRole(AriaRole.Button, new() { Name = "Rename people" }).ClickAsync();
        await page.GetByLabel("New name").FillAsync("office");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("Join “people” with “office”?").WaitForAsync();
        await visit.AssertGoodScreenAsync("documents-tags-join");
        await page.GetByRole(AriaRole.Button, new() { Name = "Join them" }).ClickAsync();
        await page.GetByText("“people” is “office” now, on 1 document.").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete rules" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).Last.ClickAsync();
        await page.GetByText("The tag “rules” was deleted.").WaitForAsync();
        await page.Keyboard.PressAsync("Escape");

        await page.GetByRole(AriaRole.Button, new() { Name = "Organise" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Collections…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete Leases" }).WaitForAsync();
        await visit.AssertGoodScreenAsync("documents-collections");
        await page.GetByRole(AriaRole.Button, new() { Name = "Rename Leases" }).ClickAsync();
        await page.GetByLabel("New name").FillAsync("Premises");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("“Leases” is “Premises” now.").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete Premises" }).ClickAsync();
        await page.GetByText("Its 1 document will be moved").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).Last.ClickAsync();
        await page.GetByText("The collection “Premises” was deleted.").WaitForAsync();
        await page.Keyboard.PressAsync("Escape");

        await page.GetByRole(AriaRole.Button, new() { Name = "Read it now", Exact = true }).First.ClickAsync();
        await page.GetByText("1 document will be read.").WaitForAsync();
        await visit.Row("Minutes of the board").GetByText("Ready", new() { Exact = true }).WaitForAsync();
        await page.Locator("#unread").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        visit.AssertNoComplaint();
    }

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Versions_are_read_compared_and_looked_up_by_time(int width, ColorScheme theme)
    {
        var owner = await browser.SignUpAsync("Versions");
        var shelf = new Shelf(owner);
        var id = await shelf.AddReadAsync("terms.md", Terms("thirty days", "Fees are due monthly."));
        await shelf.ReplaceAsync(id, "terms.md", Terms("ninety days, in writing", "Late fees are two percent."));
        await using var visit = await browser.VisitAsync(width, theme);
        var page = visit.Page;
        await visit.SignInAsync(owner);

        await page.GotoAsync("/documents");
        await page.GetByRole(AriaRole.Button, new() { Name = "Actions for terms" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Details and versions" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Compare with version 1: version 2" }).WaitForAsync();
        await visit.AssertGoodScreenAsync("versions");
        await page.GetByRole(AriaRole.Link, new() { Name = "Compare with version 1: version 2" }).ClickAsync();
        await page.Locator(".changes .changed").First.WaitForAsync();
        Assert.Equal("thirty", await page.Locator(".changes del mark").First.InnerTextAsync());
        Assert.Equal("ninety", await page.Locator(".changes ins mark").First.InnerTextAsync());
        await visit.AssertGoodScreenAsync("compare");
        await page.Locator("#from").SelectOptionAsync("2");
        await page.GetByText("The texts are the same").WaitForAsync();
        await visit.AssertGoodScreenAsync("compare-same");

        await page.GotoAsync($"/documents/{id}?version=1");
        await page.GetByText("This is an older version.").WaitForAsync();
        await visit.AssertGoodScreenAsync("document-older");
        await page.GetByRole(AriaRole.Link, new() { Name = "See what changed" }).ClickAsync();
        await page.Locator(".changes .changed").First.WaitForAsync();

        visit.Expect("404 (Not Found)");
        await page.GotoAsync($"/documents/{id}?as_of=2999-01-01T00:00:00Z");
        await page.Locator(".text-page h2").First.WaitForAsync();
        Assert.Contains("version 2", await page.Locator(".viewer-name p").InnerTextAsync(), StringComparison.Ordinal);
        await page.GotoAsync($"/documents/{id}?as_of=2001-01-01T00:00:00Z");
        await page.GetByText("there was no version of this document").WaitForAsync();
        await visit.AssertGoodScreenAsync("document-as-of-nothing");

        static string Terms(string notice, string fees) =>
            string.Join(
                "\n\n",
                Enumerable
                    .Range(1, 12)
                    .Select(i =>
                        i switch
                        {
                            5 => $"Either party may end this agreement with a notice of {notice}.",
                            9 => fees,
                            _ =>
                                $"Clause {i} says what both parties have agreed on before, and goes on for a while so that its line is a long one.",
                        }
                    )
                    .Prepend("# Terms of service")
            );
    }

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task A_page_of_every_format_is_built_from_its_blocks_with_the_passage_marked(
        int width,
        ColorScheme theme
    )
    {
        const string word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
        const string excel = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        const string slides = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
        const string markdown =
            "# Travel\n\nBook **early**, see `fares` [here](https://fares.example).\n\n- trains\n  - sleeper\n- planes\n\n| City | Fee |\n|---|---:|\n| Oslo | 120 |\n| Lima | <b>95</b> |\n\n```\nfly --now\n```\n";
        var owner = await browser.SignUpAsync("Formats");
        var id = await new Shelf(owner).AddReadAsync("travel.md", markdown);
        await using var visit = await browser.VisitAsync(width, theme);
        var page = visit.Page;
        await visit.SignInAsync(owner);

        // Markdown, as the server reads it.
        var start = markdown.IndexOf("120", StringComparison.Ordinal);
        await page.GotoAsync($"/documents/{id}?page=1&start={start}&end={start + 3}");
        await page.Locator(".text-page tr.cited mark").WaitForAsync();
        Assert.Equal("120", await page.Locator("mark").InnerTextAsync());
        Assert.Equal("Travel", await page.Locator(".text-page h2").InnerTextAsync());
        Assert.Equal("early", await page.Locator(".text-page strong").InnerTextAsync());
        Assert.Equal(
            "sleeper",
            await page.Locator(".text-page li li")
                .InnerTextAsync()
                .ContinueWith(text => text.Result.Split('\n')[^1].Trim())
        );
        Assert.Equal("<b>95</b>", await page.Locator("td").Last.InnerTextAsync());
        Assert.Equal("fly --now", await page.Locator(".text-page pre").InnerTextAsync());
        Assert.Equal(0, await page.Locator(".text-page a").CountAsync());
        await visit.AssertGoodScreenAsync("document-markdown");

        // The others as their readers answer.
        var shown = new Dictionary<string, object>
        {
            [word] = Page(
                null,
                ("heading", "Supply agreement", 1, 0, "Paragraph 1"),
                ("paragraph", "The supplier delivers within ten days of the order.", 0, 0, "Paragraph 2"),
                ("list_item", "on working days", 1, 0, "Paragraph 3"),
                ("list_item", "before noon", 1, 0, "Paragraph 4"),
                ("table", "Item\tPrice\nPaper\t12\nInk\t30", 0, 1, "Table 1"),
                ("paragraph", "هذا النص من اليمين إلى اليسار", 0, 0, "Paragraph 5"),
                ("note", "Prices without tax.", 0, 0, "Note 1")
            ),
            [excel] = Page(
                "Sheet Costs",
                ("table", "City\tJan\tFeb\nOslo\t120\t<img src=x onerror=alert(1)>\nLima\t95\t=1+1", 0, 3, "B3:D5")
            ),
            [slides] = Page(
                "Slide 3",
                ("heading", "Where we are", 1, 0, null),
                ("list_item", "Revenue is up by ten days of sales", 1, 0, null),
                ("list_item", "Costs are flat", 1, 0, null),
                ("caption", "Chart: revenue by quarter", 0, 0, null),
                ("note", "Say this slowly.", 0, 0, null)
            ),
        };
        foreach (var (type, answer) in shown)
        {
            await page.UnrouteAllAsync();
            await page.RouteAsync(
                $"**/api/v1/docs/{id}",
                async route =>
                {
                    var real = await route.FetchAsync();
                    var text = (await real.TextAsync()).Replace("text/markdown", type, StringComparison.Ordinal);
                    await route.FulfillAsync(new() { Response = real, Body = text });
                }
            );
            await page.RouteAsync(
                "**/pages/1",
                route =>
                    route.FulfillAsync(
                        new() { ContentType = "application/json", Body = JsonSerializer.Serialize(answer) }
                    )
            );
            var all = JsonSerializer.SerializeToElement(answer).GetProperty("text").GetString()!;
            var wanted = type == excel ? "120" : "ten days";
            var at = all.IndexOf(wanted, StringComparison.Ordinal);
            await page.GotoAsync($"/documents/{id}?page=1&start={at}&end={at + wanted.Length}");
            await page.Locator(".text-page mark").WaitForAsync();
            Assert.Equal(wanted, await page.Locator("mark").InnerTextAsync());
            var where = await page.Locator(".page-place").InnerTextAsync();
            if (type == word)
            {
                Assert.StartsWith("Paragraph 2", where, StringComparison.Ordinal);
                Assert.Equal(2, await page.Locator(".text-page ul > li").CountAsync());
                Assert.Equal(
                    "rtl",
                    await page.GetByText("هذا النص")
                        .EvaluateAsync<string>("element => getComputedStyle(element).direction")
                );
                await visit.AssertGoodScreenAsync("document-word");
            }
            else if (type == excel)
            {
                Assert.StartsWith("Sheet Costs · B3:D5", where, StringComparison.Ordinal);
                Assert.Equal(["B", "C", "D"], await page.Locator(".grid thead th").AllInnerTextsAsync());
                Assert.Equal(["3", "4", "5"], await page.Locator(".grid .number").AllInnerTextsAsync());
                Assert.Equal(
                    "<img src=x onerror=alert(1)>",
                    await page.Locator(".grid tbody tr:nth-child(2) td").Last.InnerTextAsync()
                );
                await visit.AssertGoodScreenAsync("document-sheet");
            }
            else
            {
                Assert.StartsWith("Slide 3", where, StringComparison.Ordinal);
                Assert.Contains("Recognised text", where, StringComparison.Ordinal);
                await visit.AssertGoodScreenAsync("document-slide");
            }
        }

        // A scan is drawn, and the text that was recognised in it stands below.
        await page.UnrouteAllAsync();
        await page.RouteAsync(
            $"**/api/v1/docs/{id}",
            async route =>
            {
                var real = await route.FetchAsync();
                var text = (await real.TextAsync()).Replace("text/markdown", "image/png", StringComparison.Ordinal);
                await route.FulfillAsync(new() { Response = real, Body = text });
            }
        );
        await page.RouteAsync(
            "**/pages/1",
            route =>
                route.FulfillAsync(
                    new()
                    {
                        ContentType = "application/json",
                        Body =
                            """{"page":1,"pages":1,"text":"Received with thanks","width":10,"height":10,"recognised":true,"blocks":[{"kind":"paragraph","start":0,"length":20,"level":0,"row":0}]}""",
                    }
                )
        );
        await page.RouteAsync(
            "**/content",
            route => route.FulfillAsync(new() { ContentType = "image/png", BodyBytes = Convert.FromBase64String(Dot) })
        );
        await page.GotoAsync($"/documents/{id}?page=1&start=0&end=8");
        await page.Locator(".scan canvas").WaitForAsync();
        Assert.Equal("Received", await page.Locator("mark").InnerTextAsync());
        await page.Locator(".recognised").WaitForAsync();
        await visit.AssertGoodScreenAsync("document-scan");

        // A PDF that only the server's reader could mend is shown as its text.
        await page.RouteAsync(
            $"**/api/v1/docs/{id}",
            async route =>
            {
                var real = await route.FetchAsync();
                var text = (await real.TextAsync()).Replace(
                    "text/markdown",
                    "application/pdf",
                    StringComparison.Ordinal
                );
                await route.FulfillAsync(new() { Response = real, Body = text });
            }
        );
        await page.GotoAsync($"/documents/{id}?page=1&start=0&end=8");
        await page.GetByText("Text only").WaitForAsync();
        Assert.Equal("Received", await page.Locator("mark").InnerTextAsync());
    }

    [Fact]
    public async Task Markdown_flows_as_it_is_meant_and_tables_of_one_column_are_tables()
    {
        const string markdown = """
            # Flow

            One sentence that was
            **broken by
            hand** and goes on.\
            A line of its own.

            > Quoted on
            > two lines.

            ---

            - an item that
              goes on

              and has a second paragraph
              ```
              first line
                second line
              ```

            | Only **one** |
            |---|
            | Oslo |
            | Lima |
            """;
        var owner = await browser.SignUpAsync("Flow");
        var id = await new Shelf(owner).AddReadAsync("flow.md", markdown);
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        var start = markdown.IndexOf("was", StringComparison.Ordinal);
        var end = markdown.IndexOf("broken", StringComparison.Ordinal);
        await page.GotoAsync($"/documents/{id}?page=1&start={start}&end={end}");

        await page.Locator(".text-page mark").First.WaitForAsync();
        Assert.Equal(
            ["One sentence that was broken by hand and goes on.\nA line of its own.", "Quoted on two lines."],
            await page.Locator(".text-page p").AllInnerTextsAsync()
        );
        Assert.Equal("Quoted on two lines.", await page.Locator(".text-page .quoted").InnerTextAsync());
        Assert.Equal(1, await page.Locator(".text-page hr").CountAsync());
        var item = await page.Locator(".text-page li > div").InnerTextAsync();
        Assert.StartsWith("an item that goes on\n", item, StringComparison.Ordinal);
        Assert.Contains("and has a second paragraph\n", item, StringComparison.Ordinal);
        Assert.Equal(
            "first line\n  second line",
            Dedented(await page.Locator(".text-page code.lines").InnerTextAsync())
        );
        Assert.Equal(["Only one", "Oslo", "Lima"], await page.Locator(".text-page tr").AllInnerTextsAsync());
        Assert.Equal("Lines 3–4", await page.Locator(".page-place").InnerTextAsync());
        await visit.AssertGoodInEveryLookAsync("document-flow");

        // The same table in Word; and text that no block claims, before a list.
        var answer = JsonSerializer.SerializeToNode(
            Page(
                null,
                ("paragraph", "Unclaimed", 0, 0, null),
                ("list_item", "deep", 2, 0, null),
                ("list_item", "shallow", 1, 0, null),
                ("table", "City\nOslo\nLima", 0, 1, "Table 1")
            )
        )!;
        answer["blocks"]!.AsArray().RemoveAt(0);
        await page.RouteAsync(
            $"**/api/v1/docs/{id}",
            async route =>
            {
                var real = await route.FetchAsync();
                var text = (await real.TextAsync()).Replace("text/markdown", "text/html", StringComparison.Ordinal);
                await route.FulfillAsync(new() { Response = real, Body = text });
            }
        );
        await page.RouteAsync(
            "**/pages/1",
            route => route.FulfillAsync(new() { ContentType = "application/json", Body = answer.ToJsonString() })
        );
        await page.GotoAsync($"/documents/{id}");
        await page.Locator(".text-page table").WaitForAsync();
        Assert.Equal(["City", "Oslo", "Lima"], await page.Locator(".text-page tr").AllInnerTextsAsync());
        Assert.Equal(0, await page.Locator(".text-page pre").CountAsync());
        Assert.Equal("Unclaimed", await page.Locator(".text-page .unclaimed").InnerTextAsync());
        Assert.Equal(["deep", "shallow"], await page.Locator(".text-page li > div").AllInnerTextsAsync());
        visit.AssertNoComplaint();

        static string Dedented(string code) => string.Join('\n', code.Split('\n').Select(line => line[2..]));
    }

    private static object Page(
        string? label,
        params (string Kind, string Text, int Level, int Row, string? Place)[] blocks
    )
    {
        var text = string.Join("\n\n", blocks.Select(block => block.Text));
        var from = 0;
        return new
        {
            page = 1,
            pages = 4,
            text,
            width = 0,
            height = 0,
            label,
            recognised = label == "Slide 3",
            blocks = blocks
                .Select(block =>
                {
                    var start = from;
                    from += block.Text.Length + 2;
                    return new
                    {
                        kind = block.Kind,
                        start,
                        length = block.Text.Length,
                        level = block.Level,
                        row = block.Row,
                        place = block.Place,
                    };
                })
                .ToArray(),
        };
    }
}
