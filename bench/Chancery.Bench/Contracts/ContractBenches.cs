namespace Chancery.Bench.Contracts;

/// <summary>What is measured of contracts: <c>./run bench contracts VERB</c>.</summary>
internal static class ContractBenches
{
    public static int Run(string[] arguments)
    {
        switch (arguments)
        {
            case ["import"]:
                ImportBench.Run();
                return 0;
            default:
                Console.Error.WriteLine("Usage: ./run bench contracts import");
                return 2;
        }
    }
}
