namespace Chancery.Bench.Contracts;

/// <summary>What is measured of contracts: a command for each question.</summary>
internal static class ContractBenches
{
    public static int Run(string[] arguments) =>
        arguments switch
        {
            ["compare"] => ComparisonBench.Run(),
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
        Console.Error.WriteLine("Usage: ./run bench contracts compare|import|types");
        return 2;
    }
}
