using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace Chancery.Browser.Tests;

/// <summary>The accessibility checks of axe-core, all that are on by default.</summary>
/// <remarks>
/// Run in the page itself: the package's own way opens another page for each run, for frames of other origins, and brings all
/// that is well over as well.
/// </remarks>
internal static class Axe
{
    private const string Run = """
        async () => {
            if (document.querySelector('iframe, frame, object, embed')) throw new Error('The screen has frames: let axe into them.');
            const found = await axe.run(document, { resultTypes: ['violations'] });
            return found.violations.map(one =>
                `${one.id} (${one.impact}): ${one.help}: ${one.nodes.map(node => node.html).join(' | ')}`);
        }
        """;

    private static readonly string Script = new BundledAxeScriptProvider().GetScript();

    /// <summary>What it finds, a line each.</summary>
    public static async Task<string[]> ViolationsAsync(IPage page)
    {
        if (!await page.EvaluateAsync<bool>("() => 'axe' in window"))
        {
            await page.EvaluateAsync(Script);
        }

        return await page.EvaluateAsync<string[]>(Run);
    }
}
