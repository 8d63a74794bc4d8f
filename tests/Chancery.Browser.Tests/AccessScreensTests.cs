using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>Groups, who may read what, service accounts and keys.</summary>
public sealed class AccessScreensTests(BrowserFixture browser)
{
    [Fact]
    public async Task A_group_is_filled_and_let_read_a_document_alone()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        var olga = await browser.SignUpAsync("Reading");
        var vera = await browser.InviteAsync(olga, "viewer");
        var id = await new Shelf(olga).AddReadAsync("pay.md", "# Pay\n\nThe salary of the director.");
        await visit.SignInAsync(olga);

        await page.GotoAsync("/settings#groups-section");
        await page.Locator("#group-name").FillAsync("Legal");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("“Legal” was made.").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Members of Legal" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.Locator(".inside select").SelectOptionAsync(vera.UserId.ToString());
        await page.GetByRole(AriaRole.Button, new() { Name = "Add to Legal" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Take Ina viewer out of Legal" }).WaitForAsync();
        await page.GetByText("1 member").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("groups");

        await page.GotoAsync("/documents");
        await page.GetByRole(AriaRole.Button, new() { Name = "Actions for pay" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Details and versions" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Who may read it…" }).ClickAsync();
        var dialog = page.Locator("dialog.access");
        await dialog.GetByText("open to everybody").WaitForAsync();
        await dialog.GetByLabel("Only these").CheckAsync();
        await dialog.Locator("#access-add").SelectOptionAsync(new SelectOptionValue { Label = "Legal" });
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Take Legal off" }).WaitForAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await dialog.GetByText("in Legal").WaitForAsync();
        await dialog.GetByText("owners read everything").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("access");
        await page.Keyboard.PressAsync("Escape");
        await page.WaitForFunctionAsync("() => !document.querySelector('dialog.access')");
        using var read = await vera.Http.GetAsync($"/api/v1/docs/{id}", TestContext.Current.CancellationToken);
        Assert.True(read.IsSuccessStatusCode);
        visit.AssertNoComplaint();
    }

    [Fact]
    public async Task A_service_account_has_a_narrow_key_that_is_rotated()
    {
        await using var visit = await browser.VisitAsync();
        var page = visit.Page;
        visit.Expect("400 (Bad Request)");
        var olga = await browser.SignUpAsync("Machines");
        await visit.SignInAsync(olga);

        await page.GotoAsync("/settings#accounts-section");
        await page.Locator("#account-name").FillAsync("Importer");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByText("“Importer” was made.").WaitForAsync();
        await page.Locator("#key-name").FillAsync("nightly");
        await page.Locator("#key-account").SelectOptionAsync(new SelectOptionValue { Label = "Importer" });
        await page.GetByText("Narrow it").ClickAsync();
        await page.GetByLabel("documents:read").CheckAsync();
        await page.Locator("#key-ranges").FillAsync("somewhere");
        await page.Locator("#key-minute").FillAsync("60");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make a key" }).ClickAsync();
        await page.GetByText("Addresses or networks, such as").WaitForAsync();
        await page.Locator("#key-ranges").FillAsync("203.0.113.0/24, 2001:db8::/32");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make a key" }).ClickAsync();
        await page.GetByText("The key “nightly”.").WaitForAsync();
        await page.GetByText("from 203.0.113.0/24, 2001:db8::/32").WaitForAsync();
        await visit.AssertGoodInEveryLookAsync("keys", whole: true);

        var before = await page.Locator("#made-key input").InputValueAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Rotate the key nightly" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Rotate" }).ClickAsync();
        await page.GetByText("The new secret of “nightly”.").WaitForAsync();
        Assert.NotEqual(before, await page.Locator("#made-key input").InputValueAsync());

        await page.GetByRole(AriaRole.Button, new() { Name = "Disable Importer" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Enable Importer" }).WaitForAsync();
        visit.AssertNoComplaint();
    }
}
