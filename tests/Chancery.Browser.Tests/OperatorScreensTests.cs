using System.Net.Http.Json;
using Chancery.Server.Platform.Operators;
using Chancery.Testing.Models;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>The operator's console, and what an organisation decides about models.</summary>
public sealed class OperatorScreensTests(BrowserFixture browser)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_operator_signs_in_with_keys_only_and_has_a_model_asked_again()
    {
        var olga = await browser.SignUpAsync("Northwind Legal");
        var name = $"Ops {Guid.CreateVersion7():n}"[..12];
        var token = await new OperatorDirectory(browser.Owner).CreateAsync(
            name,
            TimeProvider.System.GetUtcNow(),
            Cancel
        );
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        var keys = page.Keyboard;
        await page.GotoAsync("/operator/sign-in");
        await keys.TypeAsync("co_not-a-token");
        await keys.PressAsync("Enter");
        await page.GetByText("No operator has this token").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("operator-sign-in");
        await keys.TypeAsync(token!);
        await keys.PressAsync("Enter");
        await page.ArrivesAtAsync("**/operator");
        var row = page.GetByRole(AriaRole.Row).Filter(new() { HasText = "scripted" });
        await row.GetByText("Asked", new() { Exact = true }).WaitForAsync();

        var question = $"refuse {Guid.CreateVersion7()}";
        browser.Scripts[question] = ScriptedReply.Failing(401);
        using var refused = await olga.Http.PostAsJsonAsync(
            "/v1/chat/completions",
            new { model = "scripted", messages = new[] { new { role = "user", content = question } } },
            Cancel
        );
        await row.GetByText("Key refused", new() { Exact = true }).WaitForAsync();
        await row.GetByText("key refused (401)").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("operator-models");
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask again: scripted" }).FocusAsync();
        await keys.PressAsync("Enter");
        await row.GetByText("Asked", new() { Exact = true }).WaitForAsync();
        await page.GetByText("scripted is asked again, on all servers.").WaitForAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = $"Console of {name}," }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.GetByText("You are signed out of the console.").WaitForAsync();
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task Without_models_and_without_an_answer_the_page_says_so()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        visit.Expect("net::ERR_FAILED");
        await page.RouteAsync(
            "**/operator/models",
            route =>
                route.FulfillAsync(
                    new() { ContentType = "application/json", Body = """{"items":[],"server":"one","minutes":15}""" }
                )
        );
        await page.GotoAsync("/operator");
        await page.GetByText("No language model is set up").WaitForAsync();
        await visit.AssertGoodScreenAsync("operator-models-empty");

        await page.UnrouteAllAsync();
        await page.RouteAsync("**/operator/models", route => route.AbortAsync());
        await page.ReloadAsync();
        await page.GetByText("Check the connection and try again.").WaitForAsync();
        await visit.AssertGoodScreenAsync("operator-models-error");
        await page.UnrouteAllAsync();
        // It comes back by itself.
        await page.GetByRole(AriaRole.Row).Filter(new() { HasText = "scripted" }).WaitForAsync();
    }

    [Fact]
    public async Task Organisations_are_found_held_to_models_suspended_and_let_go_on()
    {
        var word = $"Wharf {Guid.CreateVersion7().ToString("n")[^5..]}";
        var olga = await browser.SignUpAsync($"{word} & Sons");
        await browser.SignUpAsync($"{word} Shipping");
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        await page.GotoAsync("/operator/organizations");
        await page.GetByRole(AriaRole.Row).Nth(1).WaitForAsync();
        await page.GetByLabel("Name or id").FillAsync(word);
        var row = page.GetByRole(AriaRole.Row).Filter(new() { HasText = "& Sons" });
        await page.WaitForURLAsync($"**/operator/organizations?q={Uri.EscapeDataString(word)}");
        await Assertions.Expect(page.GetByRole(AriaRole.Row)).ToHaveCountAsync(3);

        await row.GetByRole(AriaRole.Button).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Models…" }).ClickAsync();
        await page.GetByLabel("Only these").CheckAsync();
        await page.GetByLabel("scripted", new() { Exact = true }).UncheckAsync();
        await visit.AssertGoodScreenAsync("operator-organization-models");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save the models" }).ClickAsync();
        await page.GetByText("may ask").WaitForAsync();

        await row.GetByRole(AriaRole.Button).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Suspend…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Suspend it" }).ClickAsync();
        await row.GetByText("suspended", new() { Exact = true }).WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("operator-organizations");
        await row.GetByRole(AriaRole.Button).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Let it go on" }).ClickAsync();
        await Assertions.Expect(row.GetByText("suspended", new() { Exact = true })).ToHaveCountAsync(0);

        await page.GetByLabel("Name or id").FillAsync($"{word} nowhere");
        await page.GetByText("No organisation is called so").WaitForAsync();
        await visit.AssertGoodScreenAsync("operator-organizations-none");
        visit.AssertNoComplaint();

        // What the operator decided is seen in the organisation's settings, and the chat offers nothing else.
        await visit.SignInAsync(olga);
        Assert.DoesNotContain("scripted", await page.Locator("#model").InnerTextAsync(), StringComparison.Ordinal);
        await page.GotoAsync("/settings#models-section");
        await page.GetByText("All that the operator allows").WaitForAsync();
        await page.GetByLabel("Questions go to").SelectOptionAsync("extractive");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save the models" }).ClickAsync();
        await page.GetByText("Saved.", new() { Exact = true }).WaitForAsync();
        await page.GetByLabel("Only these").CheckAsync();
        await page.GetByText("not allowed by the operator").First.WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("settings-models");
        visit.AssertNoComplaint();
    }
}
