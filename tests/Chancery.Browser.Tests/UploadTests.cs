using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>Many files at once, bad ones among them.</summary>
public sealed class UploadTests(BrowserFixture browser)
{
    /// <summary>Answers the name of the new collection, or why there is none.</summary>
    private const string MakeCollection =
        "async (name) => { const { api } = await import('/js/api.js'); return api.post('/collections', { name }).then((made) => made.name, (fault) => fault.message); }";

    [Theory]
    [MemberData(nameof(DocumentScreensTests.Looks), MemberType = typeof(DocumentScreensTests))]
    public async Task A_failing_file_holds_nobody_back_and_can_be_tried_again(int width, ColorScheme theme)
    {
        await using var visit = await browser.VisitAsync(width, theme);
        var page = visit.Page;
        visit.Expect("ERR_FAILED");
        visit.Expect("507");
        await visit.SignUpAsync("Queue");
        await page.GotoAsync("/documents");
        var isFull = true;
        await page.RouteAsync(
            "**/api/v1/docs",
            async route =>
            {
                if (
                    isFull
                    && route.Request.Method == "POST"
                    && route.Request.PostDataBuffer is { } body
                    && Has(body, "second.md")
                )
                {
                    await route.FulfillAsync(
                        new()
                        {
                            Status = 507,
                            ContentType = "application/problem+json",
                            Body =
                                """{"type":"urn:chancery:problem:disk-full","status":507,"title":"No room left for the file","code":"disk-full","traceId":"1","detail":"The server's disk is full."}""",
                        }
                    );
                    return;
                }

                await route.ContinueAsync();
            }
        );

        await page.Locator("#files")
            .SetInputFilesAsync([
                Visit.TextFile("first.md", "# First\n\nHerons wade."),
                Visit.TextFile("second.md", "# Second\n\nEgrets wade."),
                Visit.TextFile("blank.md", " \n"),
                new()
                {
                    Name = "photo.gif",
                    MimeType = "image/gif",
                    Buffer = [1, 2, 3],
                },
                new()
                {
                    Name = "party.gif",
                    MimeType = "image/gif",
                    Buffer = [1, 2, 3],
                },
                new()
                {
                    Name = "old.doc",
                    MimeType = "application/msword",
                    Buffer = [1],
                },
                new()
                {
                    Name = "huge.pdf",
                    MimeType = "application/pdf",
                    Buffer = new byte[10_000_001],
                },
                new()
                {
                    Name = "nothing.txt",
                    MimeType = "text/plain",
                    Buffer = [],
                },
                Visit.TextFile("last.md", "# Last\n\nStorks wade."),
            ]);

        await page.GetByText("2 of 9 files done · 7 failed").WaitForAsync();
        // What is refused for the same reason is one line.
        await page.GetByText("Files of this kind (.gif) cannot be read.").WaitForAsync();
        Assert.Equal("photo.gif and party.gif", await Upload("Files of this kind").Locator(".name").InnerTextAsync());
        await Upload("old.doc").GetByText("An old Word file cannot be read: save it as .docx.").WaitForAsync();
        await Upload("huge.pdf").GetByText("Larger than the limit of 10 MB.").WaitForAsync();
        await Upload("nothing.txt").GetByText("There is nothing in it.").WaitForAsync();
        await page.GetByText("The server's disk is full.").WaitForAsync();
        await visit.AssertGoodScreenAsync("uploads");

        isFull = false;
        await page.GetByRole(AriaRole.Button, new() { Name = "Try again: second.md" }).ClickAsync();
        await page.GetByText("3 of 9 files done · 6 failed").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Clear finished" }).ClickAsync();
        await page.Locator("#uploads-panel").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        await visit.Row("second").GetByText("Ready", new() { Exact = true }).WaitForAsync();
        visit.AssertNoComplaint();

        ILocator Upload(string text) => page.Locator(".upload").Filter(new() { HasText = text });

        static bool Has(byte[] body, string name) =>
            body.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(name)) >= 0;
    }

    [Fact]
    public async Task A_dropped_folder_a_web_address_and_a_cancelled_upload()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignUpAsync("Drops");
        await page.GotoAsync("/documents");
        var asked = new TaskCompletionSource<string>();
        var cancelled = new TaskCompletionSource();
        await page.RouteAsync(
            "**/api/v1/docs/url",
            async route =>
            {
                asked.TrySetResult(route.Request.PostData!);
                await cancelled.Task;
                await route.AbortAsync();
            }
        );

        // A folder as a browser hands it over: entries, one of them a folder with litter in it.
        await page.EvaluateAsync(
            """
            () => {
              const file = (name, text) => ({ name, isFile: true, file: (good) => good(new File([text], name, { type: "text/markdown" })) });
              const folder = (name, inside) => {
                const rest = [inside, []];
                return { name, isFile: false, createReader: () => ({ readEntries: (good) => good(rest.shift() ?? []) }) };
              };
              const entry = folder("case", [file("a.md", "# Avocets"), file(".DS_Store", "x"), folder("annex", [file("b.md", "# Bitterns")])]);
              const event = new Event("drop", { bubbles: true, cancelable: true });
              Object.defineProperty(event, "dataTransfer", { value: { types: ["Files"], files: [], items: [{ webkitGetAsEntry: () => entry }] } });
              dispatchEvent(event);
            }
            """
        );
        await page.GetByText("2 of 2 files done").WaitForAsync();
        await visit.Row("b").WaitForAsync();

        await page.GetByLabel("Read them at once").UncheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "From the web" }).ClickAsync();
        await page.GetByLabel("Address").FillAsync("birds.example/herons.html");
        await visit.AssertGoodScreenAsync("documents-from-web");
        await page.Keyboard.PressAsync("Enter");
        Assert.Equal("""{"url":"https://birds.example/herons.html","process":false}""", await asked.Task);
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel https://birds.example/herons.html" }).ClickAsync();
        cancelled.SetResult();
        await page.GetByText("2 of 2 files done").WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Without_a_connection_the_queue_waits_and_goes_on_when_it_is_back()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        visit.Expect("ERR_INTERNET_DISCONNECTED");
        visit.Expect("503");
        await visit.SignUpAsync("Offline");
        var answer = new TaskCompletionSource();
        await page.RouteAsync(
            "**/api/v1/docs?*",
            async route =>
            {
                await answer.Task;
                await route.FulfillAsync(
                    new()
                    {
                        Status = 503,
                        ContentType = "application/problem+json",
                        Body =
                            """{"type":"urn:chancery:problem:unavailable","status":503,"title":"Not available","code":"unavailable","traceId":"1","detail":"The database does not answer. Try again in a moment."}""",
                    }
                );
            }
        );
        await page.GotoAsync("/documents");
        await page.Locator(".skeleton").First.WaitForAsync();
        await visit.AssertGoodScreenAsync("documents-loading");
        answer.SetResult();
        await page.GetByText("The database does not answer.").WaitForAsync();
        await visit.AssertGoodScreenAsync("documents-error");
        await page.UnrouteAllAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Try again" }).ClickAsync();
        await page.GetByText("No documents yet").WaitForAsync();
        await page.Context.SetOfflineAsync(true);
        await page.GetByText("You are offline").WaitForAsync();
        await page.Locator("#files").SetInputFilesAsync(Visit.TextFile("patient.md", "# Patience"));
        await page.GetByText("0 of 1 file done").WaitForAsync();
        await visit.RefineAsync();
        await page.Locator("#filter-state").SelectOptionAsync("ready");
        await page.GetByText("Check the connection and try again").WaitForAsync();
        await visit.AssertGoodScreenAsync("documents-offline");
        await page.Context.SetOfflineAsync(false);
        await page.GetByText("1 of 1 file done").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Try again" })
            .WaitForAsync(new() { State = WaitForSelectorState.Detached });
        await visit.Row("Patience").GetByText("Ready", new() { Exact = true }).WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Reading_is_stopped_and_goes_on_from_the_list()
    {
        var owner = await browser.SignUpAsync("Stopping");
        var id = await new Shelf(owner).AddAsync("long.md", "# Long\n\nHerons wade.", ("process", "false"));
        // In the queue, where no worker comes to it today.
        await using var queue = browser.Owner.CreateCommand(
            """
            WITH waiting AS (
              UPDATE document_versions SET state = 'queued' WHERE document_id = $1 RETURNING tenant_id, document_id
            )
            INSERT INTO work_items (tenant_id, work_id, kind, subject, run_after, created_at)
            SELECT tenant_id, gen_random_uuid(), 'ingest', jsonb_build_object('document_id', document_id, 'version', 1),
                   now() + interval '1 day', now()
            FROM waiting
            """
        );
        queue.Parameters.Add(new() { Value = id });
        await queue.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        await page.GotoAsync("/documents");
        await visit.Row("long").GetByText("Waiting", new() { Exact = true }).WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("documents-waiting");

        // By keys, and the focus stays in the row.
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop reading long" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("Reading “long” was stopped.").WaitForAsync();
        await visit.Row("long").GetByText("Not read yet", new() { Exact = true }).WaitForAsync();
        Assert.Equal(
            "Read it now: long",
            await page.EvaluateAsync<string>("() => document.activeElement.getAttribute('aria-label')")
        );
        await visit.AssertGoodInEveryLookAsync("documents-stopped");
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await visit.Row("long").GetByText("Ready", new() { Exact = true }).WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task What_was_done_before_the_connection_was_lost_is_not_done_twice()
    {
        var owner = await browser.SignUpAsync("Twice");
        var id = await new Shelf(owner).AddReadAsync("terms.md", "# Terms\n\nThirty days.");
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        visit.Expect("ERR_FAILED");
        await visit.SignInAsync(owner);
        await page.GotoAsync("/documents");
        var attempts = new ConcurrentQueue<(string? Key, string? Replayed)>();
        var isLost = true;
        async Task Lose(IRoute route)
        {
            if (route.Request.Method is not ("PUT" or "POST"))
            {
                await route.ContinueAsync();
                return;
            }

            // The server does it; the page never hears of it.
            var answer = await route.FetchAsync();
            attempts.Enqueue(
                (
                    await route.Request.HeaderValueAsync("idempotency-key"),
                    answer.Headers.GetValueOrDefault("idempotency-replayed")
                )
            );
            await (isLost ? route.AbortAsync() : route.FulfillAsync(new() { Response = answer }));
        }

        await page.RouteAsync($"**/api/v1/docs/{id}", Lose);
        await page.GetByRole(AriaRole.Button, new() { Name = "Actions for terms" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Details and versions" }).ClickAsync();
        await page.GetByLabel("Upload a new version")
            .SetInputFilesAsync(Visit.TextFile("terms.md", "# Terms\n\nNinety days."));
        await page.Locator("#drawer").GetByText("Check the connection").WaitForAsync();
        isLost = false;
        await page.Locator("#drawer").GetByRole(AriaRole.Button, new() { Name = "Try again" }).ClickAsync();
        await page.GetByText("Version 2 was uploaded.").WaitForAsync();
        Assert.Equal(2, attempts.Count);
        Assert.Single(attempts.Select(one => one.Key).Distinct());
        Assert.Equal([null, "true"], attempts.Select(one => one.Replayed));

        // The same of a call that is no upload.
        attempts.Clear();
        isLost = true;
        await page.RouteAsync("**/api/v1/collections", Lose);
        await page.EvaluateAsync(MakeCollection, "Leases");
        isLost = false;
        var made = await page.EvaluateAsync<string>(MakeCollection, "Leases");
        Assert.Equal("Leases", made);
        Assert.Single(attempts.Select(one => one.Key).Distinct());
        Assert.Equal([null, "true"], attempts.Select(one => one.Replayed));

        // A double click is one wish; the same wish later is another one.
        attempts.Clear();
        await page.EvaluateAsync(
            "async () => { const { api } = await import('/js/api.js'); const make = () => api.post('/collections', { name: 'Deeds' }); await Promise.all([make(), make()]); }"
        );
        Assert.Single(attempts);
        visit.Expect("409 (Conflict)");
        Assert.Equal("Choose another name.", await page.EvaluateAsync<string>(MakeCollection, "Deeds"));
        Assert.Equal(2, attempts.Select(one => one.Key).Distinct().Count());
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Hostile_names_and_texts_stay_text_everywhere()
    {
        const string script = "<img src=x onerror=hacked=1>";
        const string turned = "invoice \u202Egnp.exe";
        var owner = await browser.SignUpAsync("<b>Hostile</b>");
        var shelf = new Shelf(owner);
        var id = await shelf.AddReadAsync(
            $"{script}.md",
            $"# {script}\n\n| {script} | b |\n|---|---|\n| 1 | <script>hacked=1</script> |",
            ("title", script),
            ("tags", "<i>tag</i>")
        );
        await shelf.ReplaceAsync(id, $"{script}.md", "# \u202Ereversed\n\n<script>hacked=2</script>");
        await shelf.AddReadAsync("turned.md", "# Turned", ("title", turned));
        await shelf.CollectionAsync(script);
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await visit.SignInAsync(owner);
        await page.GotoAsync("/documents");
        await page.GetByRole(AriaRole.Link, new() { Name = script }).WaitForAsync();
        // What turns the reading direction is taken out by the server; the page isolates each name all the same.
        Assert.Equal("invoice gnp.exe", await page.Locator(".title").First.InnerTextAsync());
        await page.GetByLabel($"Select {script}").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove tags…" }).ClickAsync();
        await page.GetByLabel("<i>tag</i>").WaitForAsync();
        await page.Keyboard.PressAsync("Escape");
        await page.GetByRole(AriaRole.Button, new() { Name = $"Actions for {script}" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Details and versions" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Compare with version 1: version 2" }).WaitForAsync();
        await visit.AssertGoodScreenAsync("hostile-versions");
        await page.GetByRole(AriaRole.Link, new() { Name = "Compare with version 1: version 2" }).ClickAsync();
        await page.Locator(".changes del, .changes ins").First.WaitForAsync();
        await visit.AssertGoodScreenAsync("hostile-compare");
        await page.GotoAsync($"/documents/{id}?version=1");
        await page.Locator(".text-page td").First.WaitForAsync();
        Assert.Equal(script, await page.Locator(".text-page th").First.InnerTextAsync());
        await page.GotoAsync("/documents");
        await page.Locator("#files")
            .SetInputFilesAsync(
                new FilePayload
                {
                    Name = $"{script}.exe",
                    MimeType = "application/octet-stream",
                    Buffer = [1],
                }
            );
        await page.GetByText("Files of this kind (.exe) cannot be read.").WaitForAsync();
        Assert.Equal($"{script}.exe", await page.Locator(".upload .name").InnerTextAsync());

        Assert.Equal("undefined", await page.EvaluateAsync<string>("() => typeof hacked"));
        Assert.Equal(0, await page.Locator("main img, main script, main iframe").CountAsync());
        visit.AssertNoComplaint();
    }
}
