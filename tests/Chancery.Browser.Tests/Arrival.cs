using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

internal static class Arrival
{
    /// <summary>Waits until the page is at an address, and loaded.</summary>
    /// <remarks>
    /// Playwright's own wait listens for the next navigation, and waits in vain where that one was over just before it listened.
    /// </remarks>
    /// <param name="address">With <c>**</c> for anything and <c>*</c> for anything but a slash.</param>
    public static async Task ArrivesAtAsync(this IPage page, string address)
    {
        var pattern = Regex.Escape(address).Replace(@"\*\*", ".*").Replace(@"\*", "[^/]*");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex($"^{pattern}$"), new() { Timeout = 30_000 });
        await page.WaitForLoadStateAsync();
    }
}
