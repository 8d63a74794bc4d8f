namespace Chancery.Bench.Contracts;

/// <summary>What is measured of contracts: a command for each question.</summary>
internal static class ContractBenches
{
    public static async Task<int> RunAsync(string[] arguments) =>
        arguments switch
        {
            ["compare"] => ComparisonBench.Run(),
            ["docx", .. var rest] => WordBench.Run(rest),
            ["intake"] => await IntakeBench.RunAsync(),
            ["scale"] => await ScaleBench.RunAsync(),
            ["search", .. var rest] => await ClauseSearchBench.RunAsync(rest),
            ["import"] => Import(),
            ["types"] => ClauseTypesBench.Run(),
            _ => Usage(),
        };

    private static int Import()
    {
        ImportBench.Run();
        return 0;
    }

    private static int Usage()
    {
        Console.Error.WriteLine("Usage: ./run bench contracts compare|docx|import|intake|scale|search|types");
        return 2;
    }
}
